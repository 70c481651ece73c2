"""Reserves the notifications of a record: one for each notice and recipient, under a unique key."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.calendar.entries import recipients_with_entry
from programmes.facts import INVITED, Notice, Record
from storage.database import derived_id, insert_or_ignore
from storage.lost_decisions import Written
from storage.record import write
from storage.roles import all_holders
from storage.sql import choices, notifications
from storage.tables import Engagement, Item

NO_RECIPIENT_ID = "nobody"
"""The recipient of a notice whose role has no holder. The office sees it in its list."""


async def write_and_reserve(session: AsyncSession, record: Record, now: datetime) -> int:
    """Write a record and reserve its notifications; returns how many are to be delivered.

    A late attempt of a lost decision does neither. Raises what ``storage.record.write`` raises.
    """
    if await write(session, record, now) is Written.OVERTAKEN:
        return 0
    return await reserve(session, record, now)


async def reserve(session: AsyncSession, record: Record, now: datetime) -> int:
    """Reserve one notification per notice and recipient; returns how many are to be delivered.

    Part of the record's own transaction, after the projection was written. A repeated record adds
    nothing, because the unique key is taken. The same notice in a later record takes over what the
    earlier one reserved, if that still waits: the earlier decision may be lost. A notice without a
    recipient is stored as withheld for ``no_recipient`` and not counted. Raises ``LookupError``
    where the engagement does not exist.
    """
    if not record.notices:
        return 0
    engagement = await session.get(Engagement, record.engagement_id)
    item = await session.get(Item, record.item_id)
    if engagement is None:
        raise LookupError(f"no engagement {record.engagement_id}")
    selectors = {selector for notice in record.notices for selector in notice.to}
    found = dict(await all_holders(session, engagement, item, selectors))
    if INVITED in selectors:
        found[INVITED] = await recipients_with_entry(
            session, record, found, engagement.calendar, now
        )
    rows = []
    for notice in record.notices:
        # A recipient behind two selectors gets one notification.
        named: dict[str, list[str]] = {}
        for selector in dict.fromkeys(notice.to):
            for one in found[selector]:
                named.setdefault(one, []).append(selector)
        if not named and notice.to == (INVITED,):
            continue
        rows += [
            _row(record, notice, one, ",".join(selectors), now)
            for one, selectors in (named or {NO_RECIPIENT_ID: list(notice.to)}).items()
        ]
    if await insert_or_ignore(session, notifications, rows) < len(rows):
        await _take_over(session, record, rows)
    return len(await of_record(session, record.item_id, record.sequence))


async def _take_over(
    session: AsyncSession, record: Record, rows: Sequence[Mapping[str, object]]
) -> None:
    """Give a later record what an earlier one has reserved under the same keys.

    If the earlier decision was lost, its rows are deleted once its number is decided again, maybe
    after this record. If it was taken and then reset, its delivery has ended with its run.
    """
    n = notifications.c
    for row in rows:
        await session.execute(
            update(notifications)
            .where(
                n.id == row["id"],
                or_(n.state == "reserved", n.reason == "no_recipient"),
                n.sequence < record.sequence,
            )
            .values(
                sequence=record.sequence,
                not_before=row["not_before"],
                planned_at=row["planned_at"],
                text_id=row["text_id"],
            )
        )


async def of_record(session: AsyncSession, item_id: str, sequence: int) -> list[str]:
    """Ids of the notifications that a record reserved for recipients, always in the same order.

    Recipients with an absence come last, so that a delegate who gets an email of their own is told
    by that one.
    """
    query = (
        select(notifications.c.id)
        .select_from(
            notifications.outerjoin(choices, choices.c.holder_id == notifications.c.recipient_id)
        )
        .where(
            notifications.c.item_id == item_id,
            notifications.c.sequence == sequence,
            notifications.c.recipient_id != NO_RECIPIENT_ID,
        )
        .order_by(choices.c.absent_until.is_not(None), notifications.c.id)
    )
    return list((await session.execute(query)).scalars())


def _row(
    record: Record, notice: Notice, recipient: str, selector: str, now: datetime
) -> dict[str, object]:
    key = (
        record.engagement_id,
        record.item_id,
        notice.kind,
        notice.rung,
        str(notice.revision),
        recipient,
    )
    return {
        "id": derived_id("ntf", *key),
        "engagement_id": record.engagement_id,
        "item_id": record.item_id,
        "sequence": record.sequence,
        "kind": notice.kind,
        "rung": notice.rung,
        "task": notice.task,
        "revision": notice.revision,
        "recipient_id": recipient,
        "selector": selector,
        "text_id": notice.text,
        "state": "withheld" if recipient == NO_RECIPIENT_ID else "reserved",
        "reason": "no_recipient" if recipient == NO_RECIPIENT_ID else "",
        "not_before": notice.not_before,
        "planned_at": _planned(record, notice),
        "reserved_at": now,
        "changed_at": now,
        "round": 0,
        "resolution": "",
        "resolved_at": None,
    }


def _planned(record: Record, notice: Notice) -> datetime | None:
    """The planned time of the notice's rung, which may have come while Milepost was down."""
    for fact in record.facts:
        if (
            fact.kind == "rung.fired"
            and f"{fact.data.get('task')}/{fact.data.get('rung')}" == notice.rung
            and (planned := fact.data.get("planned"))
        ):
            return datetime.fromisoformat(planned)
    return None
