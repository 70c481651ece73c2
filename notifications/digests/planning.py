"""Reserves summaries on the ledger, page by page: one per period and recipient."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.delivery.ledger import IN_TRANSIT
from notifications.delivery.preferences import read_choices
from notifications.digests.collected import collected_for
from notifications.sentences import Clock
from programmes.definition import Definition
from programmes.vocabulary import Digest
from storage.database import derived_id, insert_or_ignore
from storage.sql import contacts, engagements, notifications, people

KINDS: dict[Digest, str] = {"manager": "digest.manager", "member": "digest.member"}


@dataclass(frozen=True)
class Page:
    """Which summaries of a run are reserved together."""

    after: str = ""
    """The last summary of the page before; empty for the first page."""
    limit: int = 500
    unsent: bool = False
    """Whether those that have left, were withheld or have to wait longer are passed over."""


@dataclass(frozen=True)
class Candidate:
    """A possible recipient."""

    holder_id: str
    period: str
    """Empty if they get no summary now."""


async def reserve_digests(
    session: AsyncSession,
    definition: Definition,
    digest: Digest,
    at: datetime,
    now: datetime,
    page: Page = Page(),
) -> list[str]:
    """Reserve a page of the summaries of the period that ``at`` lies in; returns their ids.

    These include what an earlier attempt has reserved. There are fewer than the page's limit only
    if no recipient is left. Whether a summary is empty is checked as it leaves, so that it says
    what is true then.
    """
    day = Clock(definition.calendar.zone).local_date(at)
    after = await _recipient_of(session, page.after)
    found: list[str] = []
    while len(found) < page.limit:
        if digest == "manager":
            candidates = await _team(session, definition, week_of(day), after, page.limit)
        else:
            month = month_of(day) if opens_month(day) else ""
            candidates = await _members(session, definition, month, week_of(day), after, page.limit)
        if not candidates:
            break
        after = candidates[-1].holder_id
        chosen = await read_choices(session, [one.holder_id for one in candidates if one.period])
        rows = [
            _row(definition.id, digest, one, now)
            for one in candidates
            if one.period and chosen[one.holder_id].digests
        ]
        await insert_or_ignore(session, notifications, rows)
        ids = [str(row["id"]) for row in rows]
        found += await _unsent(session, ids, now) if page.unsent else ids
    # Those beyond the limit are reserved already, and are found again on the next page.
    return found[: page.limit]


async def _recipient_of(session: AsyncSession, notification_id: str) -> str:
    if not notification_id:
        return ""
    query = select(notifications.c.recipient_id).where(notifications.c.id == notification_id)
    return str((await session.execute(query)).scalar_one())


async def _unsent(session: AsyncSession, ids: Sequence[str], now: datetime) -> list[str]:
    c = notifications.c
    query = select(c.id).where(
        c.id.in_(ids),
        c.state.in_(sorted(IN_TRANSIT)),
        or_(c.waits_until.is_(None), c.waits_until <= now),
    )
    left = frozenset((await session.execute(query)).scalars())
    return [id for id in ids if id in left]


async def _team(
    session: AsyncSession, definition: Definition, week: str, after: str, limit: int
) -> Sequence[Candidate]:
    """The managers of its engagements, and other people of the office with collected reminders."""
    looked_after = select(engagements.c.manager_id).where(
        engagements.c.programme_id == definition.id, engagements.c.closed_at.is_(None)
    )
    query = (
        select(people.c.id, people.c.id.in_(looked_after).label("manages"))
        .where(people.c.active, people.c.id > after)
        .order_by(people.c.id)
        .limit(limit)
    )
    rows = (await session.execute(query)).all()
    collects = await _collecting(session, definition, [row.id for row in rows])
    return [Candidate(row.id, week if row.manages or row.id in collects else "") for row in rows]


async def _members(
    session: AsyncSession, definition: Definition, month: str, week: str, after: str, limit: int
) -> Sequence[Candidate]:
    """Every contact in the first week of a month; in other weeks those with collected reminders."""
    query = (
        select(contacts.c.id)
        .join(engagements, engagements.c.member_id == contacts.c.member_id)
        .where(
            contacts.c.active,
            contacts.c.id > after,
            engagements.c.programme_id == definition.id,
            engagements.c.closed_at.is_(None),
        )
        .distinct()
        .order_by(contacts.c.id)
        .limit(limit)
    )
    ids = list((await session.execute(query)).scalars())
    if month:
        return [Candidate(id, month) for id in ids]
    collects = await _collecting(session, definition, ids)
    return [Candidate(id, week if id in collects else "") for id in ids]


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
