"""Store the provider's reports about emails, and how managers resolve trouble."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_INSTANT = sa.DateTime(timezone=True)


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.String(), nullable=False, server_default="")


def _count(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default="0")


def upgrade() -> None:
    for column in (
        _text("selector"),
        _count("round"),
        _text("resolution"),
        sa.Column("resolved_at", _INSTANT, nullable=True),
    ):
        op.add_column("notifications", column)
    op.add_column("deliveries", _count("round"))
    op.create_table(
        "provider_events",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("notification_id", sa.String(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("moved", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_provider_events"),
        sa.ForeignKeyConstraint(
            ["notification_id"],
            ["notifications.id"],
            name="fk_provider_events_notification_id",
        ),
    )
    op.create_index("ix_provider_events_notification_id", "provider_events", ["notification_id"])


def downgrade() -> None:
    op.drop_table("provider_events")
    op.drop_column("deliveries", "round")
    for name in ("resolved_at", "resolution", "round", "selector"):
        op.drop_column("notifications", name)
