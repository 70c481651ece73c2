"""Column types that behave the same on SQLite and PostgreSQL: aware instants and JSON."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Column, DateTime, Dialect, Index, text
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant. SQLite has no zones, so it is stored there as naive UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without a zone cannot be stored")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: Any) -> Any:
        # A page of a list has hundreds of instants, so they are read from SQLite's text in one go.
        return (
            _from_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)
        )


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value + "+00:00")


Json = JSON
"""Plain JSON on both, because no query looks inside it."""


# All constraints have names, because SQLite can change only named ones.
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
    """An index of rows that refer to a text, to find out if a record refers to it."""
    given = text(f"{column} IS NOT NULL")
    return Index(f"ix_{table}_{column}", column, sqlite_where=given, postgresql_where=given)
