"""Records that are written in a workflow's stead: it was ended by hand, or the record forgot it."""

from dataclasses import replace
from datetime import datetime

from programmes.calendar import WorkingCalendar
from programmes.facts import INVITED, EngagementState, Fact, ItemState, Notice, Record
from programmes.rules import ItemKind

LOST = "lost"
"""The outcome of an item whose own workflow is gone."""

LAST_WORD = 1_000_000
"""The sequence of a record that ends what its own workflow cannot end any more: none of its own
comes after."""


def item_lost(
    engagement_id: str, item_id: str, kind: ItemKind, calendar: WorkingCalendar, now: datetime
) -> Record:
    """Closes the reading copy of a lost item. Its dates go out of calendars with it."""
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
    """Closes an engagement whose workflow is gone, because somebody said so. ``reason`` is the id
    of a stored text. Nobody is told by email."""
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
    """Brings the reading copy of an item up to how it ended: its workflow is over, and can say it
    no more. ``sequence`` is that of its own last record."""
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
    """The same for an engagement."""
    return Record(
        engagement_id=engagement_id,
        item_id=engagement_id,
        sequence=sequence + 1,
        facts=(_restated(now),),
        engagement=state,
    )


def _restated(now: datetime) -> Fact:
    return Fact("record.restated", now)
