"""Combine late emails into one."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLE = "notifications"


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("planned_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(TABLE, sa.Column("carrier_id", sa.String(), nullable=True))
    op.create_index(f"ix_{TABLE}_carrier_id", TABLE, ["carrier_id"])
    op.create_index(f"ix_{TABLE}_recipient", TABLE, ["recipient_id", "state"])


def downgrade() -> None:
    op.drop_index(f"ix_{TABLE}_recipient", TABLE)
    op.drop_index(f"ix_{TABLE}_carrier_id", TABLE)
    op.drop_column(TABLE, "carrier_id")
    op.drop_column(TABLE, "planned_at")
