"""Store who reads for the funder of each programme."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TABLE = "programme_funders"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("programme_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("programme_id", "person_id", name=f"pk_{TABLE}"),
    )
    # Until now every viewer got emails about every programme, so every viewer stays one for each.
    op.execute(
        f"INSERT INTO {TABLE} (programme_id, person_id) "
        "SELECT DISTINCT programmes.id, people.id FROM programmes CROSS JOIN people "
        "WHERE people.role = 'viewer'"
    )


def downgrade() -> None:
    op.drop_table(TABLE)
