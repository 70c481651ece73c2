"""Master data and who may come in: programmes, members, people, texts, tokens."""

from datetime import date, datetime

from sqlalchemy import Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.tables.fields import Json, instant, json_list, optional_instant


class Programme(SQLModel, table=True):
    """One version of a definition. Never changed once stored: a change is a new version."""

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
    """In lower case, as all of them are compared."""
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
    """Somebody who hears, for its funder, how a programme gets on."""

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
    """The answer to a POST that carried an ``Idempotency-Key``, to be given again."""

    __tablename__ = "idempotent_calls"
    holder_id: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    fingerprint: str
    """SHA-256 of method, path and body: another request under the same key is refused."""
    status: int | None = None
    """``None`` while the first call is under way."""
    body: str = ""
    created_at: datetime = instant(index=True)


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


class TemplateOverride(SQLModel, table=True):
    """One version of an office's own words for a kind of email. Never changed once stored, but for
    whether it is in use; at most one version is, and else the built-in templates are."""

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
    """From 1; 0 is the built-in one."""
    subject: str = ""
    """Empty where the built-in one is kept; so are the others."""
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
