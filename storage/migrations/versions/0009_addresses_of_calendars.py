"""Store the secret addresses of people's calendars."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLE = "calendar_feeds"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("holder_id", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("holder_id", name=f"pk_{TABLE}"),
        sa.UniqueConstraint("sha256", name=f"uq_{TABLE}_sha256"),
    )


def downgrade() -> None:
    op.drop_table(TABLE)
