"""Tables of master data and access: programmes, members, people, texts, tokens."""

from datetime import date, datetime

from sqlalchemy import Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.tables.fields import Json, instant, json_list, optional_instant


class Programme(SQLModel, table=True):
    """One version of a definition. It never changes: a change is a new version."""

    __tablename__ = "programmes"
    id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    sha256: str
    title: str
    source: str
    """The YAML as it was written."""
    created_at: datetime = instant()


class Member(SQLModel, table=True):
    """A member organisation."""

    __tablename__ = "members"
    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    nation: str
    """``ENG``, ``WLS``, ``SCT`` or ``NIR``."""
    sample: bool = False
    blackouts: list[dict[str, str]] = json_list()
    """``{"first": "2027-03-22", "last": "2027-05-06", "reason": "…"}``."""
    created_at: datetime = instant()


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
    """In lower case, for comparing."""
    lead: bool = False
    active: bool = True
    created_at: datetime = instant()


class Person(SQLModel, table=True):
    """A person of the office or of its funder and partners."""

    __tablename__ = "people"
    id: str = Field(primary_key=True)
    name: str
    email: str = Field(unique=True)
    """In lower case."""
    role: str
    """``manager``, ``researcher``, ``adviser`` or ``viewer`` (funder and partners)."""
    active: bool = True
    created_at: datetime = instant()


class ProgrammeFunder(SQLModel, table=True):
    """A person who gets emails about a programme for its funder."""

    __tablename__ = "programme_funders"
    programme_id: str = Field(primary_key=True)
    person_id: str = Field(primary_key=True)


class Text(SQLModel, table=True):
    """What a person wrote (claim check): workflows and events carry its id."""

    __tablename__ = "texts"
    id: str = Field(primary_key=True)
    sha256: str
    body: str
    title: str = ""
    link: str = ""
    author_id: str
    created_at: datetime = instant()


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
    created_at: datetime = instant()
    revoked_at: datetime | None = optional_instant()


class IdempotentCall(SQLModel, table=True):
    """The answer to a POST with an ``Idempotency-Key``, for its repeats."""

    __tablename__ = "idempotent_calls"
    holder_id: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    fingerprint: str
    """SHA-256 of method, path and body: a different request with the same key is refused."""
    status: int | None = None
    """``None`` until the first call has answered."""
    body: str = ""
    created_at: datetime = instant(index=True)


class Choice(SQLModel, table=True):
    """The choices of one contact or person. A recipient without a row has the defaults."""

    __tablename__ = "choices"
    holder_id: str = Field(primary_key=True)
    language: str = "en"
    """``en``, ``cy`` or ``both``."""
    reminders: str = "single"
    """``single``, or ``digest``: collected into the next digest."""
    digests: bool = True
    quiet_weekdays: list[int] = Field(default_factory=list, sa_column=Column(Json, nullable=False))
    """Weekdays without emails; 0 is Monday."""
    absent_from: date | None = None
    absent_until: date | None = None
    """The last day of the absence, included like the first."""
    delegate_id: str | None = None
    """Who gets the emails during the absence."""
    changed_at: datetime = instant()


class Suppression(SQLModel, table=True):
    """An address that gets no emails until a manager lifts this or corrects the address."""

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
    """The email that bounced, was dropped or led to the complaint."""
    at: datetime = instant()
    lifted_at: datetime | None = optional_instant()
    lifted_by: str | None = None
    """Who lifted it: a person's id, or ``operator``."""


class TemplateOverride(SQLModel, table=True):
    """One version of an office's own template. Only its being in use may change.

    At most one version is in use; without one, the built-in template is.
    """

    __tablename__ = "template_overrides"
    __table_args__ = (
        Index(
            "ux_template_overrides_active",
            "programme_id",
            "kind",
            "language",
            unique=True,
            sqlite_where=text("active"),
            postgresql_where=text("active"),
        ),
    )
    programme_id: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    language: str = Field(primary_key=True)
    """``en`` or ``cy``."""
    version: int = Field(primary_key=True)
    """From 1; 0 means the built-in template."""
    subject: str = ""
    """Empty if the built-in part is used; the other parts likewise."""
    text: str = ""
    html: str = ""
    note: str = ""
    """Why it was written, in a line."""
    created_by: str
    created_at: datetime = instant()
    active: bool = False
    activated_at: datetime | None = optional_instant()
    """When it was last put into use."""


class CalendarPart(SQLModel, table=True):
    """The calendar part of one email: an entry that it adds to a calendar, or removes."""

    __tablename__ = "calendar_parts"
    __table_args__ = (Index("ix_calendar_parts_item_id", "item_id", "holder_id"),)
    notification_id: str = Field(primary_key=True, foreign_key="notifications.id")
    item_id: str
    holder_id: str
    """The contact or person who got it: the recipient or their delegate."""
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
    """The hash of the secret in the address. The secret is not stored."""
    made_at: datetime = instant()
