"""Store recipients' choices (language, quiet days, delegate) and suppressed addresses."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "choices",
        sa.Column("holder_id", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("reminders", sa.String(), nullable=False),
        sa.Column("digests", sa.Boolean(), nullable=False),
        sa.Column("quiet_weekdays", sa.JSON(), nullable=False),
        sa.Column("absent_from", sa.Date(), nullable=True),
        sa.Column("absent_until", sa.Date(), nullable=True),
        sa.Column("delegate_id", sa.String(), nullable=True),
        sa.Column("changed_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("holder_id", name="pk_choices"),
    )
    op.create_table(
        "suppressions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("notification_id", sa.String(), nullable=True),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("lifted_at", _INSTANT, nullable=True),
        sa.Column("lifted_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_suppressions"),
        sa.ForeignKeyConstraint(
            ["notification_id"], ["notifications.id"], name="fk_suppressions_notification_id"
        ),
    )
    op.create_index(
        "ux_suppressions_address",
        "suppressions",
        ["address"],
        unique=True,
        sqlite_where=sa.text("lifted_at IS NULL"),
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    with op.batch_alter_table("notifications") as notifications:
        notifications.add_column(
            sa.Column("told_id", sa.String(), nullable=False, server_default="")
        )
        notifications.add_column(
            sa.Column("addressed", sa.String(), nullable=False, server_default="")
        )
        notifications.alter_column("engagement_id", existing_type=sa.String(), nullable=True)
    with op.batch_alter_table("mailbox") as mailbox:
        mailbox.add_column(sa.Column("unsubscribe", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("mailbox") as mailbox:
        mailbox.drop_column("unsubscribe")
    # Digests belong to no engagement, so the older tables cannot store them.
    op.drop_table("suppressions")
    op.execute(
        "DELETE FROM provider_events WHERE notification_id IN "
        "(SELECT id FROM notifications WHERE engagement_id IS NULL)"
    )
    op.execute(
        "DELETE FROM deliveries WHERE notification_id IN "
        "(SELECT id FROM notifications WHERE engagement_id IS NULL)"
    )
    op.execute("DELETE FROM notifications WHERE engagement_id IS NULL")
    with op.batch_alter_table("notifications") as notifications:
        notifications.alter_column("engagement_id", existing_type=sa.String(), nullable=False)
        notifications.drop_column("addressed")
        notifications.drop_column("told_id")
    op.drop_table("choices")
