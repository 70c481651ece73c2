"""Early reminders: sent ahead of a day on which the recipient has opted out of email.

Without that, the reminder would come after its date. It leaves on the last open day before. The
workflow does not know recipients' choices; it finds the reminder reserved already.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.content.message import recipient_calendar
from notifications.delivery.ledger import Waiting
from notifications.delivery.preferences import Choices, read_choices
from notifications.delivery.recipient import without_quiet_days
from notifications.delivery.reserving import reserve
from notifications.words import parsed
from programmes.calendar import WorkingCalendar, calendar_from_json
from programmes.deadlines import heard_by, rung_instants
from programmes.definition import Definition
from programmes.facts import MILEPOST, Notice, Record
from programmes.problems import DefinitionErrors
from programmes.rules import RungRule
from storage.database import derived_id
from storage.events import Aside, append_aside
from storage.roles import all_holders
from storage.sql import choices, engagements, items, notifications, programmes, tasks
from storage.tables import Engagement, Item

SENT_EARLY = "rung.brought_forward"
"""The fact on the timeline."""

_FURTHEST = timedelta(days=31)
"""Longer than quiet days, bank holidays and office closures together can last."""


@dataclass(frozen=True)
class _Reminder:
    """A coming reminder of an open task, with the calendar that it was planned in."""

    task: Any
    rung: RungRule
    at: datetime
    calendar: WorkingCalendar
    definition: Definition

    @property
    def key(self) -> str:
        """Its name within the item, as the workflow writes it."""
        return f"{self.task.key}/{self.rung.name}"

    def last_day_before(self, chosen: Choices, holder_id: str) -> datetime | None:
        """The opening of the last open day before its own day.

        ``None`` where its own day, or a later one before the date, is open.
        """
        hours = recipient_calendar(self.calendar, self.definition, holder_id)
        open_days = without_quiet_days(chosen, hours)
        if open_days is hours or open_days.next_send_instant(self.at) < self.task.due_at:
            return None
        return open_days.send_opening(open_days.roll_back(open_days.local_date(self.at)))


async def reserve_early_reminders(session: AsyncSession, now: datetime) -> list[Waiting]:
    """Reserve each early reminder of today once; returns all that have not left yet."""
    quiet = await _with_quiet_days(session)
    if not quiet:
        return []
    for row in await _tasks(session, now):
        for ahead in _reminders(row, now):
            for holder_id in await _holders(session, ahead):
                if holder_id not in quiet:
                    continue
                opens = ahead.last_day_before(quiet[holder_id], holder_id)
                if opens is not None and row.opened_at < opens <= now:
                    await _reserve(session, ahead, holder_id, now)
    c = notifications.c
    waiting = select(c.id, c.round).where(
        c.sequence < 0, c.kind.endswith(".reminder"), c.state == "reserved", c.round == 0
    )
    return [Waiting(id, round) for id, round in await session.execute(waiting)]


async def _with_quiet_days(session: AsyncSession) -> Mapping[str, Choices]:
    rows = await session.execute(select(choices.c.holder_id, choices.c.quiet_weekdays))
    return await read_choices(session, [id for id, weekdays in rows if weekdays])


async def _tasks(session: AsyncSession, now: datetime) -> list[Any]:
    query = (
        select(
            *(tasks.c.item_id, tasks.c.key, tasks.c.family, tasks.c.owner_role, tasks.c.due_at),
            *(tasks.c.revision, tasks.c.opened_at, tasks.c.engagement_id),
            *(items.c.kind.label("item_kind"), items.c.key.label("item_key")),
            *(engagements.c.calendar, programmes.c.source),
        )
        .select_from(
            tasks.join(items, items.c.id == tasks.c.item_id)
            .join(engagements, engagements.c.id == tasks.c.engagement_id)
            .join(
                programmes,
                (programmes.c.id == engagements.c.programme_id)
                & (programmes.c.version == engagements.c.programme_version),
            )
        )
        .where(
            engagements.c.closed_at.is_(None),
            tasks.c.due_at > now,
            tasks.c.due_at < now + _FURTHEST,
        )
        .order_by(tasks.c.due_at, tasks.c.item_id, tasks.c.key)
    )
    return list((await session.execute(query)).all())


def _reminders(row: Any, now: datetime) -> Iterator[_Reminder]:
    try:
        definition, _ = parsed(row.source)
    except DefinitionErrors:
        return  # its ladders cannot be read
    rules, calendar = definition.rules(), calendar_from_json(row.calendar)
    stage = rules.stage_of(row.item_kind, row.item_key, row.key)
    ladder = rules.ladders.get(stage.ladder) if stage else None
    if ladder is None or calendar.always_open:
        return
    instants = rung_instants(calendar, row.due_at, ladder.rungs, row.owner_role)
    for rung, at in zip(ladder.rungs, instants, strict=True):
        if rung.says == "reminder" and at > now:
            yield _Reminder(row, rung, at, calendar, definition)


async def _holders(session: AsyncSession, ahead: _Reminder) -> list[str]:
    engagement = await session.get(Engagement, ahead.task.engagement_id)
    assert engagement is not None
    item = await session.get(Item, ahead.task.item_id)
    to = heard_by(ahead.rung.to, ahead.task.owner_role)
    found = await all_holders(session, engagement, item, to)
    return list(dict.fromkeys(one for selector in to for one in found[selector]))


async def _reserve(session: AsyncSession, ahead: _Reminder, holder_id: str, now: datetime) -> None:
    row, kind = ahead.task, f"{ahead.task.family}.reminder"
    key = (row.engagement_id, row.item_id, kind, ahead.key, str(row.revision), holder_id)
    known = select(notifications.c.id).where(notifications.c.id == derived_id("ntf", *key))
    if (await session.execute(known)).first() is not None:
        return
    data = {"task": row.key, "rung": ahead.rung.name, "revision": str(row.revision)}
    aside = Aside(row.engagement_id, row.item_id, SENT_EARLY, MILEPOST, data)
    sequence = await append_aside(session, aside, now)
    notice = Notice(kind, (holder_id,), ahead.key, task=row.key, revision=row.revision)
    record = Record(row.engagement_id, row.item_id, sequence, facts=(), notices=(notice,))
    await reserve(session, record, now)
