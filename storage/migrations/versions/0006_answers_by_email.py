"""Store answers by email."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLE = "inbound_messages"


def upgrade() -> None:
    op.create_table(
        TABLE,
        *(sa.Column(name, sa.String(), nullable=False) for name in ("id", "key", "item_id")),
        sa.Column("engagement_id", sa.String(), nullable=True),
        sa.Column("notification_id", sa.String(), nullable=True),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("state", "reason")),
        sa.Column("sender_id", sa.String(), nullable=False),
        sa.Column("text_id", sa.String(), nullable=True),
        sa.Column("attachments", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=f"pk_{TABLE}"),
        sa.UniqueConstraint("key", "item_id", name=f"uq_{TABLE}_key"),
        *(
            sa.ForeignKeyConstraint([column], [target], name=f"fk_{TABLE}_{column}")
            for column, target in (
                ("engagement_id", "engagements.id"),
                ("notification_id", "notifications.id"),
                ("text_id", "texts.id"),
            )
        ),
    )
    op.create_index(f"ix_{TABLE}_engagement_id", TABLE, ["engagement_id"])
    untold = sa.text("sequence IS NOT NULL AND told_at IS NULL")
    op.create_index(
        f"ix_{TABLE}_untold",
        TABLE,
        ["received_at"],
        sqlite_where=untold,
        postgresql_where=untold,
    )


def downgrade() -> None:
    op.drop_table(TABLE)
