"""Every table, as SQLModel classes.

Ids are opaque strings with a prefix: ``mem_``, ``eng_``, ``itm_``. Instants are stored in UTC and
come back aware (see ``storage.columns``). Personal data lives in ``contacts``, ``people``,
``texts`` and ``mailbox`` alone.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.columns import Instant, Json

# Constraints have names from the start: SQLite can only change those that it can name.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def _instant(*, nullable: bool = False, index: bool = False) -> Any:
    return Field(sa_column=Column(Instant, nullable=nullable, index=index))


def _optional_instant(*, index: bool = False) -> Any:
    return Field(default=None, sa_column=Column(Instant, nullable=True, index=index))


def _json() -> Any:
    return Field(default_factory=dict, sa_column=Column(Json, nullable=False))


class Programme(SQLModel, table=True):
    """One version of a definition. Never changed once stored: a change is a new version."""

    __tablename__ = "programmes"
    id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    sha256: str
    title: str
    source: str
    """The YAML as it was written."""
    created_at: datetime = _instant()


class Member(SQLModel, table=True):
    """A member organisation."""

    __tablename__ = "members"
    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    nation: str
    """``ENG``, ``WLS``, ``SCT`` or ``NIR``."""
    sample: bool = False
    blackouts: list[dict[str, str]] = Field(
        default_factory=list, sa_column=Column(Json, nullable=False)
    )
    """``{"first": "2027-03-22", "last": "2027-05-06", "reason": "…"}``."""
    created_at: datetime = _instant()


class Contact(SQLModel, table=True):
    """A person at a member organisation. Exactly one active contact of a member is its lead."""

    __tablename__ = "contacts"
    __table_args__ = (
        UniqueConstraint("member_id", "email"),
        Index(
            "ux_contacts_lead",
            "member_id",
            unique=True,
            sqlite_where=text("lead AND active"),
            postgresql_where=text("lead AND active"),
        ),
    )
    id: str = Field(primary_key=True)
    member_id: str = Field(foreign_key="members.id", index=True)
    name: str
    email: str
    lead: bool = False
    active: bool = True
    created_at: datetime = _instant()


class Person(SQLModel, table=True):
    """A person of the office or of its funder and partners."""

    __tablename__ = "people"
    id: str = Field(primary_key=True)
    name: str
    email: str = Field(unique=True)
    role: str
    """``manager``, ``researcher``, ``adviser`` or ``viewer`` (funder and partners)."""
    active: bool = True
    created_at: datetime = _instant()


class Engagement(SQLModel, table=True):
    """The reading copy of an engagement, and the master data that it was started with."""

    __tablename__ = "engagements"
    __table_args__ = (
        Index("ix_engagements_member_programme", "member_id", "programme_id"),
        # Two starts at once: one open engagement a member and programme.
        Index(
            "ux_engagements_open",
            "member_id",
            "programme_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        # What the list sorts by; the id makes the order total, as keyset paging needs it.
        Index("ix_engagements_started", "started_on", "id"),
        Index("ix_engagements_opened", "opened_at", "id"),
        Index("ix_engagements_due", "due_at", "id"),
    )
    id: str = Field(primary_key=True)
    member_id: str = Field(foreign_key="members.id")
    programme_id: str
    programme_version: int
    manager_id: str | None = Field(default=None, foreign_key="people.id", index=True)
    adviser_id: str | None = Field(default=None, foreign_key="people.id")
    calendar: dict[str, Any] = _json()
    """The ``WorkingCalendar`` that the engagement was planned with."""
    stage: str = Field(default="", index=True)
    """Empty until the workflow's opening is on record."""
    started_on: date
    opened_at: datetime = _instant()
    onboarded_at: datetime | None = _optional_instant()
    closed_at: datetime | None = _optional_instant()
    reason: str | None = Field(default=None, foreign_key="texts.id")
    moved: dict[str, str] = _json()
    cycles: list[str] = Field(default_factory=list, sa_column=Column(Json, nullable=False))
    sequence: int = 0
    """The highest sequence on record: whoever waits for a command's effect waits for this."""
    state_sequence: int = 0
    """The sequence of the state that is shown; a late, lower one is not taken."""
    next_number: int = 1
    """The number of the next research request, for people to name it by."""
    soon_at: datetime | None = Field(
        default=None, sa_column=Column(Instant, nullable=True, index=True)
    )
    """Health is read off these three and the clock: the earliest of its open tasks."""
    due_at: datetime | None = _optional_instant()
    stuck_at: datetime | None = Field(
        default=None, sa_column=Column(Instant, nullable=True, index=True)
    )


class Item(SQLModel, table=True):
    """The reading copy of an item."""

    __tablename__ = "items"
    id: str = Field(primary_key=True)
    engagement_id: str = Field(foreign_key="engagements.id", index=True)
    kind: str
    key: str
    stage: str = Field(index=True)
    opened_at: datetime = _instant()
    closed_at: datetime | None = _optional_instant()
    outcome: str = ""
    assignee_id: str | None = Field(default=None, foreign_key="people.id", index=True)
    due_at: datetime | None = _optional_instant()
    data: dict[str, str] = _json()
    sequence: int = 0
    """The highest sequence on record."""
    state_sequence: int = 0
    """The sequence of the state shown here; 0 where only tasks or facts have arrived so far."""
    tasks_sequence: int = 0
    """The sequence of the tasks shown."""


class Task(SQLModel, table=True):
    """What one person has to do now. Only open tasks are here; what is done is an event."""

    __tablename__ = "tasks"
    __table_args__ = (Index("ix_tasks_owner", "owner_id", "due_at"),)
    item_id: str = Field(primary_key=True, foreign_key="items.id")
    key: str = Field(primary_key=True)
    engagement_id: str = Field(foreign_key="engagements.id", index=True)
    family: str
    owner_role: str
    owner_id: str | None = None
    """The contact or person who holds the role today; ``None`` where nobody does."""
    due_at: datetime = _instant(index=True)
    revision: int = 1
    soon_at: datetime = _instant()
    stuck_at: datetime | None = _optional_instant()
    opened_at: datetime = _instant()


class Event(SQLModel, table=True):
    """An append-only fact on the timeline."""

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("item_id", "sequence", "position"),
        Index("ix_events_timeline", "engagement_id", "at", "id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    engagement_id: str | None = Field(default=None, foreign_key="engagements.id")
    item_id: str
    """The item, the engagement, or (master data) the row that changed."""
    sequence: int
    position: int
    kind: str
    actor: str
    at: datetime = _instant()
    data: dict[str, str] = _json()
    text_id: str | None = Field(default=None, foreign_key="texts.id")


class Text(SQLModel, table=True):
    """What a person wrote (claim check): workflows and events carry its id."""

    __tablename__ = "texts"
    id: str = Field(primary_key=True)
    sha256: str
    body: str
    title: str = ""
    link: str = ""
    author_id: str
    created_at: datetime = _instant()


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
    not_before: datetime | None = _optional_instant()
    reserved_at: datetime = _instant()
    changed_at: datetime = _instant()


class Delivery(SQLModel, table=True):
    """One attempt to hand a notification to a sender."""

    __tablename__ = "deliveries"
    id: int | None = Field(default=None, primary_key=True)
    notification_id: str = Field(foreign_key="notifications.id", index=True)
    sender: str
    at: datetime = _instant()
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
    at: datetime = _instant(index=True)


class Token(SQLModel, table=True):
    """A bearer token, stored as a hash. It speaks for a person or a contact."""

    __tablename__ = "tokens"
    id: str = Field(primary_key=True)
    sha256: str = Field(unique=True)
    role: str
    """``manager``, ``researcher``, ``adviser``, ``viewer`` or ``member``."""
    holder_id: str
    """A person's id, or for ``member`` a contact's."""
    label: str = ""
    created_at: datetime = _instant()
    revoked_at: datetime | None = _optional_instant()


class IdempotentCall(SQLModel, table=True):
    """The answer to a POST that carried an ``Idempotency-Key``, to be given again."""

    __tablename__ = "idempotent_calls"
    holder_id: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    fingerprint: str
    """SHA-256 of method, path and body: another request under the same key is refused."""
    status: int | None = None
    """``None`` while the first call is under way."""
    body: str = ""
    created_at: datetime = _instant()
