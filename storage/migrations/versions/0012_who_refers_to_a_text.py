"""Index the rows that refer to a text, and old calls by age.

The actions agreed so far are added to the timeline with their words."""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

REFERRING = (
    ("events", "text_id"),
    ("tasks", "text_id"),
    ("notifications", "text_id"),
    ("engagements", "reason"),
    ("inbound_messages", "text_id"),
)
CALLS = "idempotent_calls"
AGREED = "advice.action_agreed"

EVENTS = sa.table(
    "events",
    *(sa.column(name, sa.String()) for name in ("engagement_id", "item_id", "kind", "actor")),
    *(sa.column(name, sa.Integer()) for name in ("sequence", "position")),
    sa.column("at", sa.DateTime(timezone=True)),
    sa.column("data", sa.JSON()),
    sa.column("text_id", sa.String()),
)
ITEMS = sa.table("items", sa.column("id", sa.String()), sa.column("data", sa.JSON()))
TEXTS = sa.table("texts", sa.column("id", sa.String()))


def upgrade() -> None:
    op.create_index(f"ix_{CALLS}_created_at", CALLS, ["created_at"])
    for table, column in REFERRING:
        given = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            f"ix_{table}_{column}", table, [column], sqlite_where=given, postgresql_where=given
        )
    connection = op.get_bind()
    rows = list(_agreed(connection))
    if rows:
        connection.execute(sa.insert(EVENTS), rows)


def downgrade() -> None:
    """The facts stay, because they are true; ``upgrade`` does not add them twice."""
    for table, column in reversed(REFERRING):
        op.drop_index(f"ix_{table}_{column}", table)
    op.drop_index(f"ix_{CALLS}_created_at", CALLS)


def _agreed(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    """A fact for each action, after the facts that came with its session's notes."""
    known = {
        (row.engagement_id, row.data["action"])
        for row in connection.execute(sa.select(EVENTS).where(EVENTS.c.kind == AGREED))
    }
    texts = set(connection.scalars(sa.select(TEXTS.c.id)))
    for noted in connection.execute(_noted()):
        position = noted.facts
        for action, text in _actions(noted.item_data):
            # A carried-over action is also in the data of later cycles.
            if (noted.engagement_id, action) in known:
                continue
            known.add((noted.engagement_id, action))
            of_it = {name: noted.item_data[f"action:{action}:{name}"] for name in ("owner", "due")}
            yield {
                "engagement_id": noted.engagement_id,
                "item_id": noted.item_id,
                "sequence": noted.sequence,
                "position": position,
                "kind": AGREED,
                "actor": noted.actor,
                "at": noted.at,
                "data": {"action": action, **of_it},
                # Some texts are lost: no table kept them after the action was done.
                "text_id": text if text in texts else None,
            }
            position += 1


def _noted() -> sa.Select[Any]:
    """The notes of each session, the earliest first, with the number of their facts."""
    e, others = EVENTS.c, EVENTS.alias("others")
    facts = (
        sa.select(sa.func.max(others.c.position) + 1)
        .where(others.c.item_id == e.item_id, others.c.sequence == e.sequence)
        .scalar_subquery()
    )
    return (
        sa.select(EVENTS, ITEMS.c.data.label("item_data"), facts.label("facts"))
        .join(ITEMS, ITEMS.c.id == e.item_id)
        .where(e.kind == "advice.noted")
        .order_by(e.at, e.item_id)
    )


def _actions(data: dict[str, str]) -> list[tuple[str, str]]:
    """The id and text of each action in an advice cycle's data."""
    return [
        (name.split(":")[1], text)
        for name, text in data.items()
        if name.startswith("action:") and name.endswith(":text")
    ]
