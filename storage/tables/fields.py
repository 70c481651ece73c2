"""How columns are declared: instants, JSON, and the names of constraints."""

from typing import Any

from sqlalchemy import Column, Index, text
from sqlmodel import Field, SQLModel

from storage.columns import Instant, Json

# Constraints have names from the start: SQLite can only change those that it can name.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def instant(*, index: bool = False) -> Any:
    """An instant that is always there."""
    return Field(sa_column=Column(Instant, nullable=False, index=index))


def optional_instant(*, index: bool = False) -> Any:
    """An instant that may be missing."""
    return Field(default=None, sa_column=Column(Instant, nullable=True, index=index))


def json_object() -> Any:
    """A JSON object, empty by default."""
    return Field(default_factory=dict, sa_column=Column(Json, nullable=False))


def json_list() -> Any:
    """A JSON list, empty by default."""
    return Field(default_factory=list, sa_column=Column(Json, nullable=False))


def index_of_text(table: str, column: str) -> Index:
    """The rows that refer to a text: so it is known of each text whether it is on record."""
    given = text(f"{column} IS NOT NULL")
    return Index(f"ix_{table}_{column}", column, sqlite_where=given, postgresql_where=given)
