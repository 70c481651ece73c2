"""Reads an office's own templates: those in use, and all their versions."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.sql import programmes, template_overrides


@dataclass(frozen=True)
class TemplateRow:
    """A stored version."""

    programme_id: str
    kind: str
    language: str
    version: int
    subject: str
    text: str
    html: str
    note: str
    created_by: str
    created_at: datetime
    active: bool
    activated_at: datetime | None


async def active_templates(
    session: AsyncSession, programme_id: str, kind: str | None = None
) -> tuple[TemplateRow, ...]:
    """The templates in use in a programme, for one kind or all. One statement."""
    c = template_overrides.c
    query = select(template_overrides).where(c.programme_id == programme_id, c.active)
    if kind is not None:
        query = query.where(c.kind == kind)
    rows = await session.execute(query.order_by(c.kind, c.language))
    return tuple(_row(row) for row in rows)


async def template_versions(
    session: AsyncSession, programme_id: str, kind: str, language: str
) -> tuple[TemplateRow, ...]:
    """Every version of one template, the newest first."""
    c = template_overrides.c
    query = (
        select(template_overrides)
        .where(c.programme_id == programme_id, c.kind == kind, c.language == language)
        .order_by(c.version.desc())
    )
    return tuple(_row(row) for row in await session.execute(query))


async def counted_versions(session: AsyncSession, programme_id: str) -> dict[tuple[str, str], int]:
    """The number of versions for each (kind, language) with an own template."""
    c = template_overrides.c
    query = (
        select(c.kind, c.language, func.count())
        .where(c.programme_id == programme_id)
        .group_by(c.kind, c.language)
    )
    return {(kind, language): count for kind, language, count in await session.execute(query)}


async def is_programme(session: AsyncSession, programme_id: str) -> bool:
    """Whether there is a programme with that id."""
    query = select(programmes.c.id).where(programmes.c.id == programme_id).limit(1)
    return (await session.execute(query)).first() is not None


def _row(row: Row[tuple[object, ...]]) -> TemplateRow:
    return TemplateRow(**dict(row._mapping))
