"""Reserves the summaries of one run on the ledger: one per period and recipient."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.delivery.preferences import read_choices
from notifications.digests.collected import collected_for
from notifications.sentences import Clock
from programmes.definition import Definition
from programmes.vocabulary import Digest
from storage.database import derived_id, insert_or_ignore
from storage.sql import contacts, engagements, notifications, people

KINDS: dict[Digest, str] = {"manager": "digest.manager", "member": "digest.member"}


@dataclass(frozen=True)
class Candidate:
    """A possible recipient."""

    holder_id: str
    period: str


async def reserve_digests(
    session: AsyncSession, definition: Definition, digest: Digest, at: datetime, now: datetime
) -> list[str]:
    """Reserve the summaries of the period that ``at`` lies in; returns the ids of the whole run.

    These include what an earlier attempt has reserved. Whether a summary is empty is checked as it
    leaves, so that it says what is true then.
    """
    day = Clock(definition.calendar.zone).local_date(at)
    found = (
        await _team(session, definition, week=week_of(day))
        if digest == "manager"
        else await _members(
            session, definition, month_of(day) if opens_month(day) else "", week_of(day)
        )
    )
    chosen = await read_choices(session, [one.holder_id for one in found])
    rows = [_row(definition.id, digest, one, now) for one in found if chosen[one.holder_id].digests]
    await insert_or_ignore(session, notifications, rows)
    return [str(row["id"]) for row in rows]


async def _team(session: AsyncSession, definition: Definition, *, week: str) -> Sequence[Candidate]:
    """The managers of its engagements, and other people of the office with collected reminders."""
    looked_after = select(engagements.c.manager_id).where(
        engagements.c.programme_id == definition.id, engagements.c.closed_at.is_(None)
    )
    query = (
        select(people.c.id, people.c.id.in_(looked_after).label("manages"))
        .where(people.c.active)
        .order_by(people.c.id)
    )
    rows = (await session.execute(query)).all()
    collects = await _collecting(session, definition, [row.id for row in rows])
    return [Candidate(row.id, week) for row in rows if row.manages or row.id in collects]


async def _members(
    session: AsyncSession, definition: Definition, month: str, week: str
) -> Sequence[Candidate]:
    """Every contact in the first week of a month; in other weeks those with collected reminders."""
    query = (
        select(contacts.c.id)
        .join(engagements, engagements.c.member_id == contacts.c.member_id)
        .where(
            contacts.c.active,
            engagements.c.programme_id == definition.id,
            engagements.c.closed_at.is_(None),
        )
        .distinct()
        .order_by(contacts.c.id)
    )
    ids = list((await session.execute(query)).scalars())
    if month:
        return [Candidate(id, month) for id in ids]
    collects = await _collecting(session, definition, ids)
    return [Candidate(id, week) for id in ids if id in collects]


async def _collecting(
    session: AsyncSession, definition: Definition, ids: Sequence[str]
) -> frozenset[str]:
    """The recipients with collected reminders to list.

    A recipient who went back to single emails gets one more summary of what was collected.
    """
    collected = await collected_for(session, definition.id, ids)
    chosen = await read_choices(session, collected)
    return frozenset(
        id for id, untold in collected.items() if untold or chosen[id].reminders == "digest"
    )


def _row(programme_id: str, digest: Digest, one: Candidate, now: datetime) -> dict[str, Any]:
    kind = KINDS[digest]
    return {
        "id": derived_id("ntf", programme_id, kind, one.period, one.holder_id),
        "engagement_id": None,
        # No item has this id: it is the programme's id, a dot and the kind.
        "item_id": f"{programme_id}.{kind}",
        "sequence": 0,
        "kind": kind,
        "rung": one.period,
        "task": "",
        "revision": 0,
        "recipient_id": one.holder_id,
        "selector": "",
        "told_id": "",
        "addressed": "",
        "text_id": None,
        "state": "reserved",
        "reason": "",
        "not_before": None,
        "reserved_at": now,
        "changed_at": now,
        "round": 0,
        "resolution": "",
        "resolved_at": None,
    }


def week_of(day: date) -> str:
    """The name of a week: ``2027-W02``."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def month_of(day: date) -> str:
    """The name of a month: ``2027-01``."""
    return f"{day:%Y-%m}"


def opens_month(day: date) -> bool:
    """Whether that weekday occurs for the first time in its month."""
    return day.day <= 7
