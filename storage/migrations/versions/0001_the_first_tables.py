"""Create the first tables."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

Column = sa.Column[Any]


def _text(name: str, *, null: bool = False) -> Column:
    return sa.Column(name, sa.String(), nullable=null)


def _number(name: str, *, null: bool = False) -> Column:
    return sa.Column(name, sa.Integer(), nullable=null)


def _flag(name: str) -> Column:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _instant(name: str, *, null: bool = False) -> Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null)


def _json(name: str) -> Column:
    return sa.Column(name, sa.JSON(), nullable=False)


def _table(name: str, key: Sequence[str], *parts: Column | sa.Constraint) -> None:
    op.create_table(name, *parts, sa.PrimaryKeyConstraint(*key, name=f"pk_{name}"))


def _unique(table: str, *columns: str, name: str = "") -> sa.Constraint:
    return sa.UniqueConstraint(*columns, name=name or f"uq_{table}_{'_'.join(columns)}")


def _refers(table: str, column: str, target: str) -> sa.Constraint:
    return sa.ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}")


def _index(table: str, *columns: str, name: str = "") -> None:
    op.create_index(name or f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _unique_where(name: str, table: str, columns: list[str], where: str) -> None:
    clause = sa.text(where)
    op.create_index(name, table, columns, unique=True, sqlite_where=clause, postgresql_where=clause)


def upgrade() -> None:
    _master_data()
    _processes()
    _notifications()
    _access()


def _master_data() -> None:
    _table(
        "programmes",
        ("id", "version"),
        _text("id"),
        _number("version"),
        _text("sha256"),
        _text("title"),
        _text("source"),
        _instant("created_at"),
    )
    _table(
        "members",
        ("id",),
        _text("id"),
        _text("name"),
        _text("nation"),
        _flag("sample"),
        _json("blackouts"),
        _instant("created_at"),
        _unique("members", "name"),
    )
    _table(
        "contacts",
        ("id",),
        _text("id"),
        _text("member_id"),
        _text("name"),
        _text("email"),
        _flag("lead"),
        _flag("active"),
        _instant("created_at"),
        _refers("contacts", "member_id", "members.id"),
        _unique("contacts", "member_id", "email"),
    )
    _index("contacts", "member_id")
    _unique_where("ux_contacts_lead", "contacts", ["member_id"], "lead AND active")
    _table(
        "people",
        ("id",),
        _text("id"),
        _text("name"),
        _text("email"),
        _text("role"),
        _flag("active"),
        _instant("created_at"),
        _unique("people", "email"),
    )
    _table(
        "texts",
        ("id",),
        *(_text(name) for name in ("id", "sha256", "body", "title", "link", "author_id")),
        _instant("created_at"),
    )


def _processes() -> None:
    _table(
        "engagements",
        ("id",),
        _text("id"),
        _text("member_id"),
        _text("programme_id"),
        _number("programme_version"),
        _text("manager_id", null=True),
        _text("adviser_id", null=True),
        _json("calendar"),
        _text("stage"),
        sa.Column("started_on", sa.Date(), nullable=False),
        _instant("opened_at"),
        _instant("onboarded_at", null=True),
        _instant("closed_at", null=True),
        _text("reason", null=True),
        _json("moved"),
        _json("cycles"),
        _number("sequence"),
        _number("state_sequence"),
        _number("next_number"),
        _instant("soon_at", null=True),
        _instant("due_at", null=True),
        _instant("stuck_at", null=True),
        _refers("engagements", "member_id", "members.id"),
        _refers("engagements", "manager_id", "people.id"),
        _refers("engagements", "adviser_id", "people.id"),
        _refers("engagements", "reason", "texts.id"),
    )
    _index("engagements", "member_id", "programme_id", name="ix_engagements_member_programme")
    _unique_where(
        "ux_engagements_open", "engagements", ["member_id", "programme_id"], "closed_at IS NULL"
    )
    for column in ("manager_id", "stage", "soon_at", "stuck_at"):
        _index("engagements", column)
    _index("engagements", "started_on", "id", name="ix_engagements_started")
    _index("engagements", "opened_at", "id", name="ix_engagements_opened")
    _index("engagements", "due_at", "id", name="ix_engagements_due")
    _table(
        "items",
        ("id",),
        _text("id"),
        _text("engagement_id"),
        _text("kind"),
        _text("key"),
        _text("stage"),
        _instant("opened_at"),
        _instant("closed_at", null=True),
        _text("outcome"),
        _text("assignee_id", null=True),
        _instant("due_at", null=True),
        _json("data"),
        _number("sequence"),
        _number("state_sequence"),
        _number("tasks_sequence"),
        _refers("items", "engagement_id", "engagements.id"),
        _refers("items", "assignee_id", "people.id"),
    )
    for column in ("engagement_id", "stage", "assignee_id"):
        _index("items", column)
    _table(
        "tasks",
        ("item_id", "key"),
        _text("item_id"),
        _text("key"),
        _text("engagement_id"),
        _text("family"),
        _text("owner_role"),
        _text("owner_id", null=True),
        _instant("due_at"),
        _number("revision"),
        _instant("soon_at"),
        _instant("stuck_at", null=True),
        _instant("opened_at"),
        _text("text_id", null=True),
        _refers("tasks", "item_id", "items.id"),
        _refers("tasks", "engagement_id", "engagements.id"),
        _refers("tasks", "text_id", "texts.id"),
    )
    for column in ("engagement_id", "due_at"):
        _index("tasks", column)
    _index("tasks", "owner_id", "due_at", name="ix_tasks_owner")
    _table(
        "events",
        ("id",),
        _number("id"),
        _text("engagement_id", null=True),
        _text("item_id"),
        _number("sequence"),
        _number("position"),
        _text("kind"),
        _text("actor"),
        _instant("at"),
        _json("data"),
        _text("text_id", null=True),
        _refers("events", "engagement_id", "engagements.id"),
        _refers("events", "text_id", "texts.id"),
        _unique("events", "item_id", "sequence", "position"),
    )
    _index("events", "engagement_id", "at", "id", name="ix_events_timeline")


def _notifications() -> None:
    key = ("engagement_id", "item_id", "kind", "rung", "revision", "recipient_id")
    _table(
        "notifications",
        ("id",),
        _text("id"),
        _text("engagement_id"),
        _text("item_id"),
        _number("sequence"),
        _text("kind"),
        _text("rung"),
        _text("task"),
        _number("revision"),
        _text("recipient_id"),
        _text("text_id", null=True),
        _text("state"),
        _text("reason"),
        _instant("not_before", null=True),
        _instant("reserved_at"),
        _instant("changed_at"),
        _refers("notifications", "engagement_id", "engagements.id"),
        _refers("notifications", "text_id", "texts.id"),
        _unique("notifications", *key, name="uq_notifications_key"),
    )
    _index("notifications", "state")
    _index("notifications", "item_id", "sequence", name="ix_notifications_record")
    _index("notifications", "engagement_id", "changed_at", "id", name="ix_notifications_timeline")
    _table(
        "deliveries",
        ("id",),
        _number("id"),
        _text("notification_id"),
        _text("sender"),
        _instant("at"),
        _text("outcome"),
        _text("provider_id"),
        _text("detail"),
        _refers("deliveries", "notification_id", "notifications.id"),
    )
    _index("deliveries", "notification_id")
    _table(
        "mailbox",
        ("id",),
        _number("id"),
        *(_text(name) for name in ("notification_id", "kind", "to_name", "to_email")),
        *(_text(name) for name in ("from_name", "from_email", "subject", "text", "html")),
        _instant("at"),
        _unique("mailbox", "notification_id"),
    )
    _index("mailbox", "at")


def _access() -> None:
    _table(
        "tokens",
        ("id",),
        *(_text(name) for name in ("id", "sha256", "role", "holder_id", "label")),
        _instant("created_at"),
        _instant("revoked_at", null=True),
        _unique("tokens", "sha256"),
    )
    _table(
        "idempotent_calls",
        ("holder_id", "key"),
        _text("holder_id"),
        _text("key"),
        _text("fingerprint"),
        _number("status", null=True),
        _text("body"),
        _instant("created_at"),
    )


def downgrade() -> None:
    for table in (
        *("idempotent_calls", "tokens", "mailbox", "deliveries", "notifications"),
        *("events", "tasks", "items", "engagements"),
        *("texts", "people", "contacts", "members", "programmes"),
    ):
        op.drop_table(table)
