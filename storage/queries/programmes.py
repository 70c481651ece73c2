"""Reads the stored versions of programmes."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.sql import programmes


@dataclass(frozen=True)
class ProgrammeRow:
    """One version of a definition."""

    id: str
    version: int
    sha256: str
    title: str
    source: str
    """The YAML as it was written."""
    created_at: datetime


async def latest_programmes(session: AsyncSession) -> tuple[ProgrammeRow, ...]:
    """The latest version of each programme, by id. One statement."""
    newest = (
        select(programmes.c.id, func.max(programmes.c.version).label("version"))
        .group_by(programmes.c.id)
        .subquery()
    )
    found = await session.execute(
        select(programmes)
        .join(
            newest,
            (newest.c.id == programmes.c.id) & (newest.c.version == programmes.c.version),
        )
        .order_by(programmes.c.id)
    )
    return tuple(ProgrammeRow(*row) for row in found)


async def show_programme(
    session: AsyncSession, programme_id: str, version: int | None = None
) -> ProgrammeRow | None:
    """One version, by default the latest; ``None`` if there is none."""
    statement = select(programmes).where(programmes.c.id == programme_id)
    if version is not None:
        statement = statement.where(programmes.c.version == version)
    statement = statement.order_by(programmes.c.version.desc()).limit(1)
    row = (await session.execute(statement)).one_or_none()
    return ProgrammeRow(*row) if row else None
