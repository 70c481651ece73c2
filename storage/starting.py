"""The row of an engagement before its workflow runs: inserted, found again, or removed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.sql import engagements, members

PENDING = ""
"""The stage of an engagement whose opening is not recorded yet; no list shows it."""


@dataclass(frozen=True)
class Opening:
    """The details of a new engagement."""

    id: str
    member_id: str
    programme_id: str
    programme_version: int
    manager_id: str | None
    adviser_id: str | None
    calendar: Mapping[str, Any]
    started_on: date
    opened_at: datetime


@dataclass(frozen=True)
class OpenEngagement:
    """The engagement that a member already has in a programme."""

    id: str
    pending: bool
    opened_at: datetime


async def open_engagement(
    session: AsyncSession, member_id: str, programme_id: str
) -> OpenEngagement | None:
    """The open engagement of a member in a programme; there is at most one.

    In a transaction it locks the member, so that two starts run one after the other.
    """
    await session.execute(select(members.c.id).where(members.c.id == member_id).with_for_update())
    statement = select(engagements.c.id, engagements.c.stage, engagements.c.opened_at).where(
        engagements.c.member_id == member_id,
        engagements.c.programme_id == programme_id,
        engagements.c.closed_at.is_(None),
    )
    row = (await session.execute(statement)).first()
    return OpenEngagement(row[0], row[1] == PENDING, row[2]) if row else None


async def put_down(session: AsyncSession, opening: Opening) -> None:
    """Insert the row that the workflow's first record needs."""
    await session.execute(
        insert(engagements).values(
            **vars(opening) | {"calendar": dict(opening.calendar)},
            stage=PENDING,
            moved={},
            cycles=[],
            sequence=0,
            state_sequence=0,
            next_number=1,
        )
    )


async def take_back(session: AsyncSession, engagement_id: str) -> None:
    """Remove the row of a failed start; a row with a record stays."""
    await session.execute(
        delete(engagements).where(engagements.c.id == engagement_id, engagements.c.stage == PENDING)
    )
