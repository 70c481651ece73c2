"""Store an office's own templates, and which template each notification used."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

COLUMNS = ("template", "template_trouble")


def upgrade() -> None:
    op.create_table(
        "template_overrides",
        sa.Column("programme_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("html", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint(
            "programme_id", "kind", "language", "version", name="pk_template_overrides"
        ),
    )
    op.create_index(
        "ux_template_overrides_active",
        "template_overrides",
        ["programme_id", "kind", "language"],
        unique=True,
        sqlite_where=sa.text("active"),
        postgresql_where=sa.text("active"),
    )
    for name in COLUMNS:
        op.add_column(
            "notifications", sa.Column(name, sa.String(), nullable=False, server_default="")
        )


def downgrade() -> None:
    for name in reversed(COLUMNS):
        op.drop_column("notifications", name)
    op.drop_index("ux_template_overrides_active", table_name="template_overrides")
    op.drop_table("template_overrides")
