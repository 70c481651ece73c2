"""The ledger of notifications, and the mailbox."""

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.tables.fields import index_of_text, instant, optional_instant


class Notification(SQLModel, table=True):
    """The intent to tell one recipient one thing, and its state so far."""

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
    """``None`` for a digest, which is about a whole programme."""
    item_id: str
    sequence: int
    kind: str
    rung: str = ""
    task: str = ""
    revision: int = 0
    recipient_id: str
    selector: str = ""
    """The selectors of the notice that mean this recipient, with commas: ``lead,member``."""
    told_id: str = ""
    """Who got it: the recipient or their delegate. Empty until it leaves."""
    addressed: str = ""
    """SHA-256 of the address that it went to, so that a late bounce counts against that address
    only."""
    text_id: str | None = Field(default=None, foreign_key="texts.id")
    state: str = Field(default="reserved", index=True)
    """One of ``STATES`` in ``notifications.delivery.ledger``, which says which state may follow."""
    reason: str = ""
    """The name of the reason why it was withheld, failed, bounced or is unknown."""
    not_before: datetime | None = optional_instant()
    planned_at: datetime | None = optional_instant()
    """When it was due to leave: at its rung's instant, or when a manager sent it again. ``None``
    means ``not_before``, or the instant of its reservation."""
    waits_until: datetime | None = optional_instant()
    """Until when it last had to wait for its recipient's hours or day; ``reason`` says why."""
    carrier_id: str | None = Field(default=None, index=True)
    """The notification whose email includes this one, if several late ones were combined."""
    reserved_at: datetime = instant()
    changed_at: datetime = instant()
    round: int = 0
    """How many times a manager has sent it again."""
    resolution: str = ""
    """How a manager resolved its trouble: ``arrived`` or ``dismiss``. A new state empties it."""
    resolved_at: datetime | None = optional_instant()
    template: str = ""
    """The templates that it was last written from: ``cy:3,en:0`` means version 3 of the office's
    Welsh template, and the built-in English one."""
    template_trouble: str = ""
    """``template_broken`` if the office's template failed and the built-in one was used."""


class Delivery(SQLModel, table=True):
    """One attempt to hand a notification to a sender."""

    __tablename__ = "deliveries"
    id: int | None = Field(default=None, primary_key=True)
    notification_id: str = Field(foreign_key="notifications.id", index=True)
    sender: str
    at: datetime = instant()
    outcome: str
    """``claimed``, ``accepted``, ``transient``, ``permanent``, ``unknown`` or ``overtaken``.

    An overtaken attempt may not send any more, while a later attempt finds out what it did."""
    provider_id: str = ""
    detail: str = ""
    """The name of the reason why it was refused or is unknown. For an accepted one: why its own
    news was left out of an email that combines others."""
    round: int = 0
    """The round of its notification."""


class ProviderEvent(SQLModel, table=True):
    """One report of the provider about a notification; each report is stored once.

    It has no personal data: a receiving server may quote an address, so only its codes are stored.
    """

    __tablename__ = "provider_events"
    id: str = Field(primary_key=True)
    """The provider's id of the report (``sg_event_id``)."""
    notification_id: str = Field(foreign_key="notifications.id", index=True)
    delivery_id: int | None = None
    """The attempt that it is about, if it says so."""
    kind: str
    """The provider's word: ``processed``, ``delivered``, ``bounce`` …"""
    code: str = ""
    """A named reason: ``bounce_5.1.1``."""
    at: datetime = instant()
    """When it happened, by the provider's clock."""
    received_at: datetime = instant()
    moved: bool = False
    """Whether it changed the notification's state."""


class MailboxMessage(SQLModel, table=True):
    """An email that the mailbox captured; the mailbox is the default sender, and the demo's."""

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
    """The link of the ``List-Unsubscribe`` header, if the email has one."""
    calendar_method: str | None = None
    """``REQUEST``, ``PUBLISH`` or ``CANCEL``, if the email has a calendar part."""
    calendar: str | None = None
    at: datetime = instant(index=True)


class InboundMessage(SQLModel, table=True):
    """An inbound email. Its words, if stored, are a ``Text``. The sender's address is not."""

    __tablename__ = "inbound_messages"
    __table_args__ = (
        UniqueConstraint("key", "item_id", name="uq_inbound_messages_key"),
        index_of_text("inbound_messages", "text_id"),
        # Emails that recipients have not been told of yet: usually none.
        Index(
            "ix_inbound_messages_untold",
            "received_at",
            sqlite_where=text("sequence IS NOT NULL AND told_at IS NULL"),
            postgresql_where=text("sequence IS NOT NULL AND told_at IS NULL"),
        ),
    )
    id: str = Field(primary_key=True)
    key: str
    """The hash of its ``Message-ID``, so that a repeated email about an item adds nothing."""
    item_id: str = ""
    """The item of the email that it answers; empty if unknown."""
    engagement_id: str | None = Field(default=None, foreign_key="engagements.id", index=True)
    notification_id: str | None = Field(default=None, foreign_key="notifications.id")
    state: str
    """``taken``, ``unverified`` (its sender is unknown or not proven) or ``ignored``."""
    reason: str = ""
    """The name of the reason why it is ignored or unverified."""
    sender_id: str = ""
    """The contact or person who wrote it."""
    text_id: str | None = Field(default=None, foreign_key="texts.id")
    attachments: int = 0
    """How many files were left out."""
    sequence: int | None = None
    """The number of its fact on the item's timeline, below 0; ``None`` without a fact."""
    received_at: datetime = instant()
    told_at: datetime | None = optional_instant()
    """When Temporal was asked to tell the recipients."""


class StrangeReports(SQLModel, table=True):
    """How many reports about unknown emails came on one day (UTC)."""

    __tablename__ = "strange_reports"
    day: date = Field(primary_key=True)
    count: int = 0
