"""A provider's reports about emails: each counts once, in any order, in one transaction.

The notifications of a batch are locked in the order of their ids. So two batches, or a batch and a
sending worker, cannot deadlock.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.delivery.ledger import advance, close_delivery, may_follow
from notifications.feedback.suppression import apply_report
from storage.database import insert_or_ignore
from storage.inbound import count_strangers
from storage.queries.rows import AnyRow
from storage.sql import deliveries, notifications, provider_events

log = structlog.get_logger(__name__)

AT_ONCE = 200
"""Reports per statement: a database limits the number of values."""

_PROVE_ACCEPTANCE = frozenset({"accepted", "deferred", "delivered", "bounced", "complained"})
_COUNT_FOR_EVER = frozenset({"complained"})
"""The reports that count although the email has been sent again since."""


@dataclass(frozen=True)
class Report:
    """One report, in Milepost's terms."""

    id: str
    notification_id: str
    attempt: int
    """The attempt that it is about; 0 where the report does not say."""
    kind: str
    """The provider's own name for it."""
    state: str
    """The state that it stands for."""
    code: str
    provider_id: str
    at: datetime


@dataclass(frozen=True)
class Tally:
    """The result of a batch."""

    taken: int = 0
    repeated: int = 0
    unknown: int = 0
    """Reports about emails that this office did not send."""


async def take(session: AsyncSession, reports: Sequence[Report], now: datetime) -> Tally:
    """Apply a batch of reports. A repeated report changes nothing.

    A report about an unknown email is only counted, and `milepost doctor` shows the count.
    """
    counted: Counter[str] = Counter()
    # At one instant the earlier stage comes first: an acceptance before its delivery.
    ordered = sorted(reports, key=lambda one: (one.notification_id, one.at, _ORDER[one.state]))
    for some in _by(ordered, AT_ONCE):
        counted.update(await _take(session, some, now))
    tally = Tally(**counted)
    if tally.unknown:
        log.warning("reports_of_strangers", **asdict(tally))
        await count_strangers(session, now.date(), tally.unknown)
    return tally


_ORDER = {
    state: place
    for place, state in enumerate(
        ("accepted", "deferred", "delivered", "bounced", "dropped", "complained")
    )
}


async def _take(session: AsyncSession, reports: Sequence[Report], now: datetime) -> Counter[str]:
    rows = await _locked(session, {one.notification_id for one in reports})
    known = await _known(session, [one.id for one in reports])
    rounds = await _rounds(session, {one.attempt for one in reports if one.attempt})
    counted: Counter[str] = Counter()
    new = []
    for report in reports:
        row = rows.get(report.notification_id)
        if row is None:
            counted["unknown"] += 1
        elif report.id in known:
            counted["repeated"] += 1
        else:
            known.add(report.id)
            counted["taken"] += 1
            of = rounds.get(report.attempt)
            if of is not None and of.notification_id != row.id:
                of = None
            moved = await _apply(session, row, of, report, now)
            if moved:
                rows[row.id] = row = _Row(row.id, report.state, row.round)
            new.append(
                {
                    "id": report.id,
                    "notification_id": row.id,
                    "delivery_id": of.id if of is not None else None,
                    "kind": report.kind,
                    "code": report.code,
                    "at": report.at,
                    "received_at": now,
                    "moved": moved,
                }
            )
    await insert_or_ignore(session, provider_events, new)
    return counted


@dataclass(frozen=True)
class _Row:
    id: str
    state: str
    round: int


async def _apply(
    session: AsyncSession, row: _Row, of: AnyRow | None, report: Report, now: datetime
) -> bool:
    if of is not None and report.state in _PROVE_ACCEPTANCE:
        # This resolves an attempt that was cut off or got no answer.
        await close_delivery(
            session, of.id, "accepted", provider_id=report.provider_id, detail="reported"
        )
    if of is not None and of.round != row.round and report.state not in _COUNT_FOR_EVER:
        return False
    if not may_follow(row.state, report.state):
        return False
    moved = await advance(session, row.id, report.state, report.code, now)
    if moved:
        await apply_report(session, row.id, report.state, report.code, now)
    return moved


async def _locked(session: AsyncSession, ids: set[str]) -> dict[str, _Row]:
    c = notifications.c
    query = (
        select(c.id, c.state, c.round).where(c.id.in_(sorted(ids))).order_by(c.id).with_for_update()
    )
    return {row.id: _Row(*row) for row in await session.execute(query)}


async def _known(session: AsyncSession, ids: Sequence[str]) -> set[str]:
    query = select(provider_events.c.id).where(provider_events.c.id.in_(ids))
    return set((await session.execute(query)).scalars())


async def _rounds(session: AsyncSession, attempts: set[int]) -> dict[int, AnyRow]:
    if not attempts:
        return {}
    c = deliveries.c
    query = select(c.id, c.notification_id, c.round).where(c.id.in_(sorted(attempts)))
    return {row.id: row for row in await session.execute(query)}


def _by(reports: Sequence[Report], size: int) -> Iterator[Sequence[Report]]:
    for start in range(0, len(reports), size):
        yield reports[start : start + size]
