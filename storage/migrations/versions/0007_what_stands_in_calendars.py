"""Store the calendar entries that emails have added."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLE = "calendar_parts"


def upgrade() -> None:
    op.create_table(
        TABLE,
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("notification_id", "item_id", "holder_id", "method")
        ),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("start", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("notification_id", name=f"pk_{TABLE}"),
        sa.ForeignKeyConstraint(
            ["notification_id"], ["notifications.id"], name=f"fk_{TABLE}_notification_id"
        ),
    )
    op.create_index(f"ix_{TABLE}_item_id", TABLE, ["item_id", "holder_id"])


def downgrade() -> None:
    op.drop_table(TABLE)
