"""Emails that came in: each once, with what was made of it."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.tables.fields import index_of_text, instant, optional_instant


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
