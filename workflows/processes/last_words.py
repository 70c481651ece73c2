"""Records on behalf of a workflow that was ended by hand, or that the database has lost."""

from dataclasses import replace
from datetime import datetime

from programmes.calendar import WorkingCalendar
from programmes.facts import INVITED, EngagementState, Fact, ItemState, Notice, Record
from programmes.rules import ItemKind

LOST = "lost"
"""The outcome of an item whose own workflow is gone."""

LAST_WORD = 1_000_000
"""The sequence of the final record of an item whose workflow is gone. No other record follows it.
"""


def item_lost(
    engagement_id: str, item_id: str, kind: ItemKind, calendar: WorkingCalendar, now: datetime
) -> Record:
    """Close the read model of a lost item, and remove its dates from calendars."""
    window = calendar.next_send_instant(now)
    off = Notice(
        f"{kind}.called_off",
        (INVITED,),
        rung=LOST,
        not_before=window if window > now else None,
    )
    return Record(
        engagement_id=engagement_id,
        item_id=item_id,
        sequence=LAST_WORD,
        facts=(Fact(f"{kind}.closed", now, data={"outcome": LOST}),),
        tasks=(),
        closes=LOST,
        notices=(off,) if kind in ("advice", "review") else (),
    )


def engagement_lost(
    engagement_id: str, state: EngagementState, by: str, reason: str, now: datetime
) -> Record:
    """Close an engagement whose workflow is gone, as an operator asked. ``reason`` is the id of a
    stored text. No email is sent."""
    return Record(
        engagement_id=engagement_id,
        item_id=engagement_id,
        sequence=LAST_WORD,
        facts=(Fact("engagement.lost", now, by, text=reason),),
        engagement=replace(state, stage="withdrawn", closed_at=now, reason=reason),
    )


def item_ended(
    engagement_id: str, item_id: str, state: ItemState, sequence: int, now: datetime
) -> Record:
    """Give the read model of an item the end that its finished workflow reached. ``sequence`` is
    that of its own last record."""
    return Record(
        engagement_id=engagement_id,
        item_id=item_id,
        sequence=sequence + 1,
        facts=(_restated(now),),
        item=state,
        tasks=(),
    )


def engagement_ended(
    engagement_id: str, state: EngagementState, sequence: int, now: datetime
) -> Record:
    """Give the read model of an engagement the end that its finished workflow reached."""
    return Record(
        engagement_id=engagement_id,
        item_id=engagement_id,
        sequence=sequence + 1,
        facts=(_restated(now),),
        engagement=state,
    )


def _restated(now: datetime) -> Fact:
    return Fact("record.restated", now)
