"""What stands in people's calendars by email, and the feeds that they follow."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from storage.tables.fields import instant


class CalendarPart(SQLModel, table=True):
    """The calendar part of one email: what it puts into its reader's calendar, or takes out."""

    __tablename__ = "calendar_parts"
    __table_args__ = (Index("ix_calendar_parts_item_id", "item_id", "holder_id"),)
    notification_id: str = Field(primary_key=True, foreign_key="notifications.id")
    item_id: str
    holder_id: str
    """The contact or person who got it: not always whom the email was meant for."""
    method: str
    """``REQUEST``, ``PUBLISH`` or ``CANCEL``."""
    sequence: int
    start: str
    """The instant or the day of the entry, in ISO 8601."""
    at: datetime = instant()


class CalendarFeed(SQLModel, table=True):
    """The secret address of one person's calendar, for programs that cannot send a token."""

    __tablename__ = "calendar_feeds"
    holder_id: str = Field(primary_key=True)
    sha256: str = Field(unique=True)
    """Of the secret in the address; the secret itself is nowhere."""
    made_at: datetime = instant()
