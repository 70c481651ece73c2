"""The read model of the processes, and the timeline."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.tables.fields import index_of_text, instant, json_list, json_object, optional_instant


class Engagement(SQLModel, table=True):
    """The read model of an engagement, and the master data that it was started with."""

    __tablename__ = "engagements"
    __table_args__ = (
        Index("ix_engagements_member_programme", "member_id", "programme_id"),
        # One open engagement per member and programme, even with two starts at once.
        Index(
            "ux_engagements_open",
            "member_id",
            "programme_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        # The list sorts by these; the id makes the order total, which keyset paging needs.
        Index("ix_engagements_started", "started_on", "id"),
        Index("ix_engagements_opened", "opened_at", "id"),
        Index("ix_engagements_due", "due_at", "id"),
        index_of_text("engagements", "reason"),
    )
    id: str = Field(primary_key=True)
    member_id: str = Field(foreign_key="members.id")
    programme_id: str
    programme_version: int
    manager_id: str | None = Field(default=None, foreign_key="people.id", index=True)
    adviser_id: str | None = Field(default=None, foreign_key="people.id")
    calendar: dict[str, Any] = json_object()
    """The ``WorkingCalendar`` that the engagement was planned with."""
    stage: str = Field(default="", index=True)
    """Empty until the opening is recorded."""
    started_on: date
    opened_at: datetime = instant()
    onboarded_at: datetime | None = optional_instant()
    closed_at: datetime | None = optional_instant()
    reason: str | None = Field(default=None, foreign_key="texts.id")
    moved: dict[str, str] = json_object()
    cycles: list[str] = json_list()
    sequence: int = 0
    """The highest sequence recorded; a caller waits for it to see a command's effect."""
    state_sequence: int = 0
    """The sequence of the present state; a late record with a lower one does not change it."""
    next_number: int = 1
    """The number of the next research request, for people to use."""
    soon_at: datetime | None = optional_instant(index=True)
    """The earliest dates of its open tasks: health follows from these three and the clock."""
    due_at: datetime | None = optional_instant()
    stuck_at: datetime | None = optional_instant(index=True)


class Item(SQLModel, table=True):
    """The read model of an item."""

    __tablename__ = "items"
    id: str = Field(primary_key=True)
    engagement_id: str = Field(foreign_key="engagements.id", index=True)
    kind: str
    key: str
    stage: str = Field(index=True)
    opened_at: datetime = instant()
    closed_at: datetime | None = optional_instant()
    outcome: str = ""
    assignee_id: str | None = Field(default=None, foreign_key="people.id", index=True)
    due_at: datetime | None = optional_instant()
    data: dict[str, str] = json_object()
    sequence: int = 0
    """The highest sequence recorded."""
    state_sequence: int = 0
    """The sequence of the present state; 0 if only tasks or facts have arrived so far."""
    tasks_sequence: int = 0
    """The sequence of the present tasks."""


class Task(SQLModel, table=True):
    """A task that one person has to do now. A finished task is removed, and is an event."""

    __tablename__ = "tasks"
    __table_args__ = (
        Index("ix_tasks_owner", "owner_id", "due_at"),
        index_of_text("tasks", "text_id"),
    )
    item_id: str = Field(primary_key=True, foreign_key="items.id")
    key: str = Field(primary_key=True)
    engagement_id: str = Field(foreign_key="engagements.id", index=True)
    family: str
    owner_role: str
    owner_id: str | None = None
    """The contact or person who has the role today; ``None`` if the role is vacant."""
    due_at: datetime = instant(index=True)
    revision: int = 1
    soon_at: datetime = instant()
    stuck_at: datetime | None = optional_instant()
    opened_at: datetime = instant()
    text_id: str | None = Field(default=None, foreign_key="texts.id")
    """The text of an agreed action."""


class Event(SQLModel, table=True):
    """An append-only fact on the timeline."""

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("item_id", "sequence", "position"),
        Index("ix_events_timeline", "engagement_id", "at", "id"),
        index_of_text("events", "text_id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    engagement_id: str | None = Field(default=None, foreign_key="engagements.id")
    item_id: str
    """The item, the engagement, or (master data) the row that changed."""
    sequence: int
    position: int
    kind: str
    actor: str
    at: datetime = instant()
    data: dict[str, str] = json_object()
    text_id: str | None = Field(default=None, foreign_key="texts.id")
