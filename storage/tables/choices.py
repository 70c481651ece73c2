"""What recipients have chosen about their emails, and the addresses that take none."""

from datetime import date, datetime

from sqlalchemy import Column, Index, text
from sqlmodel import Field, SQLModel

from storage.columns import Json
from storage.tables.fields import instant, optional_instant


class Choice(SQLModel, table=True):
    """The choices of one contact or person. Whoever has no row has made none."""

    __tablename__ = "choices"
    holder_id: str = Field(primary_key=True)
    language: str = "en"
    """``en``, ``cy`` or ``both``."""
    reminders: str = "single"
    """``single``, or ``digest``: collected into the next digest."""
    digests: bool = True
    quiet_weekdays: list[int] = Field(default_factory=list, sa_column=Column(Json, nullable=False))
    """Weekdays on which nothing is sent, from Monday, 0."""
    absent_from: date | None = None
    absent_until: date | None = None
    """Both days included."""
    delegate_id: str | None = None
    """Who is told meanwhile."""
    changed_at: datetime = instant()


class Suppression(SQLModel, table=True):
    """An address to which nothing is sent, until somebody lifts that or it is mended."""

    __tablename__ = "suppressions"
    __table_args__ = (
        Index(
            "ux_suppressions_address",
            "address",
            unique=True,
            sqlite_where=text("lifted_at IS NULL"),
            postgresql_where=text("lifted_at IS NULL"),
        ),
    )
    id: str = Field(primary_key=True)
    address: str
    """In lower case."""
    reason: str
    """``bounced``, ``dropped`` or ``complained``."""
    notification_id: str | None = Field(default=None, foreign_key="notifications.id")
    """The email that showed it."""
    at: datetime = instant()
    lifted_at: datetime | None = optional_instant()
    lifted_by: str | None = None
    """Who lifted it: a person's id, or ``operator``."""
