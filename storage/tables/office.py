"""Master data and who may come in: programmes, members, people, texts, tokens."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.tables.fields import instant, json_list, optional_instant


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
