"""The ledger of notifications, and the mailbox."""

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.tables.fields import index_of_text, instant, optional_instant


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
        Index("ix_notifications_recipient", "recipient_id", "state"),
        index_of_text("notifications", "text_id"),
    )
    id: str = Field(primary_key=True)
    engagement_id: str | None = Field(default=None, foreign_key="engagements.id")
    """``None`` of a digest, which is about a whole programme."""
    item_id: str
    sequence: int
    kind: str
    rung: str = ""
    task: str = ""
    revision: int = 0
    recipient_id: str
    selector: str = ""
    """The selectors of the notice that meant this recipient, with commas: ``lead,member``."""
    told_id: str = ""
    """Who got it: the recipient, or whoever stands in for them. Empty until it leaves."""
    addressed: str = ""
    """SHA-256 of the address that it went to, so that a later bounce is not held against another
    one."""
    text_id: str | None = Field(default=None, foreign_key="texts.id")
    state: str = Field(default="reserved", index=True)
    """One of ``notifications.delivery.states``, which says what may follow what."""
    reason: str = ""
    """Why it was withheld, failed, bounced or is unknown: a named reason."""
    not_before: datetime | None = optional_instant()
    planned_at: datetime | None = optional_instant()
    """When it was to leave: its rung's own instant, or when a person had it sent again. ``None``:
    at ``not_before``, or as it was reserved."""
    waits_until: datetime | None = optional_instant()
    """Until when it was last seen to wait for its reader's hours or day; ``reason`` says why."""
    carrier_id: str | None = Field(default=None, index=True)
    """The notification whose email says what this one would, where several were late."""
    reserved_at: datetime = instant()
    changed_at: datetime = instant()
    round: int = 0
    """How often a person has had it sent again."""
    resolution: str = ""
    """What a person said about the trouble that it is in: ``arrived`` or ``dismiss``. A new state
    is new trouble, and empties it."""
    resolved_at: datetime | None = optional_instant()
    template: str = ""
    """The templates that it was last written from: ``cy:3,en:0`` is version 3 of the office's own
    Welsh, and the built-in English."""
    template_trouble: str = ""
    """``template_broken`` where a version of the office's own gave way to the built-in one."""


class Delivery(SQLModel, table=True):
    """One attempt to hand a notification to a sender."""

    __tablename__ = "deliveries"
    id: int | None = Field(default=None, primary_key=True)
    notification_id: str = Field(foreign_key="notifications.id", index=True)
    sender: str
    at: datetime = instant()
    outcome: str
    """``claimed``, ``accepted``, ``transient``, ``permanent``, ``unknown``; or ``overtaken`` while
    a later attempt finds out what became of this one, which may not hand anything over any more."""
    provider_id: str = ""
    detail: str = ""
    """Why it was not taken, or nobody knows; of one that was taken, why its own news was left out,
    where its email speaks for others alone. A named reason."""
    round: int = 0
    """The notification's round that it belongs to."""


class ProviderEvent(SQLModel, table=True):
    """What the provider reported about a notification, each report once. No personal data: the
    words of a receiving server may quote an address, so only its codes are kept."""

    __tablename__ = "provider_events"
    id: str = Field(primary_key=True)
    """The provider's own id of the report (``sg_event_id``)."""
    notification_id: str = Field(foreign_key="notifications.id", index=True)
    delivery_id: int | None = None
    """The attempt that it speaks of, where it says so."""
    kind: str
    """The provider's name of it: ``processed``, ``delivered``, ``bounce`` …"""
    code: str = ""
    """A named reason: ``bounce_5.1.1``."""
    at: datetime = instant()
    """When it happened, by the provider's clock."""
    received_at: datetime = instant()
    moved: bool = False
    """Whether it changed the notification's state."""


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
    unsubscribe: str = ""
    """The link of ``List-Unsubscribe``, where the email has that heading."""
    calendar_method: str | None = None
    """``REQUEST``, ``PUBLISH`` or ``CANCEL``, where the email has a calendar part."""
    calendar: str | None = None
    at: datetime = instant(index=True)


class InboundMessage(SQLModel, table=True):
    """An email that the provider handed over. Its words, if kept, are a ``Text``; no address of
    its sender is here."""

    __tablename__ = "inbound_messages"
    __table_args__ = (
        UniqueConstraint("key", "item_id", name="uq_inbound_messages_key"),
        index_of_text("inbound_messages", "text_id"),
        # What is still to be told to somebody: usually nothing.
        Index(
            "ix_inbound_messages_untold",
            "received_at",
            sqlite_where=text("sequence IS NOT NULL AND told_at IS NULL"),
            postgresql_where=text("sequence IS NOT NULL AND told_at IS NULL"),
        ),
    )
    id: str = Field(primary_key=True)
    key: str
    """The hash of its ``Message-ID``: the same email again, about the same item, adds nothing."""
    item_id: str = ""
    """Of the email that it answers; empty where that is not known."""
    engagement_id: str | None = Field(default=None, foreign_key="engagements.id", index=True)
    notification_id: str | None = Field(default=None, foreign_key="notifications.id")
    state: str
    """``taken``, ``unverified`` (its sender is not on record, or not proven) or ``ignored``."""
    reason: str = ""
    """Why it is ignored or unverified: a named reason."""
    sender_id: str = ""
    """The contact or person who wrote it."""
    text_id: str | None = Field(default=None, foreign_key="texts.id")
    attachments: int = 0
    """How many files were left out."""
    sequence: int | None = None
    """The number of its fact on the item's timeline, below 0; ``None`` where it has none."""
    received_at: datetime = instant()
    told_at: datetime | None = optional_instant()
    """When its telling was handed to Temporal."""


class StrangeReports(SQLModel, table=True):
    """How many came on one day (UTC)."""

    __tablename__ = "strange_reports"
    day: date = Field(primary_key=True)
    count: int = 0
