"""The ledger of notifications, and the mailbox."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.tables.fields import instant, optional_instant


class Notification(SQLModel, table=True):
    """The intent to tell one recipient one thing, and what has become of it so far."""

    __tablename__ = "notifications"
    __table_args__ = (
        UniqueConstraint(
            "engagement_id",
            "item_id",
            "kind",
            "rung",
            "revision",
            "recipient_id",
            name="uq_notifications_key",
        ),
        Index("ix_notifications_record", "item_id", "sequence"),
        Index("ix_notifications_timeline", "engagement_id", "changed_at", "id"),
    )
    id: str = Field(primary_key=True)
    engagement_id: str = Field(foreign_key="engagements.id")
    item_id: str
    sequence: int
    kind: str
    rung: str = ""
    task: str = ""
    revision: int = 0
    recipient_id: str
    text_id: str | None = Field(default=None, foreign_key="texts.id")
    state: str = Field(default="reserved", index=True)
    """``reserved`` → ``claimed`` → ``accepted`` | ``unknown`` | ``failed``; or ``withheld``."""
    reason: str = ""
    """Why it was withheld or failed: a named reason."""
    not_before: datetime | None = optional_instant()
    reserved_at: datetime = instant()
    changed_at: datetime = instant()


class Delivery(SQLModel, table=True):
    """One attempt to hand a notification to a sender."""

    __tablename__ = "deliveries"
    id: int | None = Field(default=None, primary_key=True)
    notification_id: str = Field(foreign_key="notifications.id", index=True)
    sender: str
    at: datetime = instant()
    outcome: str
    """``claimed``, ``accepted``, ``transient``, ``permanent`` or ``unknown``."""
    provider_id: str = ""
    detail: str = ""


class MailboxMessage(SQLModel, table=True):
    """An email that the mailbox sender captured: the default sender, and what the demo shows."""

    __tablename__ = "mailbox"
    id: int | None = Field(default=None, primary_key=True)
    notification_id: str = Field(unique=True)
    kind: str
    to_name: str
    to_email: str
    from_name: str
    from_email: str
    subject: str
    text: str
    html: str
    calendar_method: str | None = None
    """``REQUEST``, ``PUBLISH`` or ``CANCEL``, where the email has a calendar part."""
    calendar: str | None = None
    at: datetime = instant(index=True)
