"""How the database and Temporal differ, for one engagement at a time. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from programmes.rules import ItemKind
from storage.queries.reconciling import EngagementOnRecord, ItemOnRecord
from workflows.messages import EngagementProgress, ItemProgress

Trouble = Literal[
    "workflow_gone",
    "end_unheard",
    "copy_behind",
    "copy_ahead",
    "record_missing",
    "left_open",
    "stands_still",
]

MOMENT = timedelta(minutes=1)
"""The longest that an engagement needs to start an item that is in the database, or to notice that
one was terminated."""


@dataclass(frozen=True)
class Seen:
    """What Temporal reports of one workflow."""

    status: Literal["running", "over", "absent"]
    progress: EngagementProgress | ItemProgress | None = None
    """All of its state; ``None`` where it does not answer."""
    over_since: datetime | None = None
    by_itself: bool = False
    """Whether it ended normally. Otherwise it was terminated, failed or timed out."""

    @property
    def runs(self) -> bool:
        """Whether it is running."""
        return self.status == "running"

    @property
    def is_dumb(self) -> bool:
        """Whether it alone knows its state, and does not report it."""
        return self.progress is None and (self.runs or self.by_itself)


@dataclass(frozen=True)
class Look:
    """One engagement, read from the database and then from Temporal."""

    id: str
    row: EngagementOnRecord | None
    engagement: Seen
    items: Mapping[str, tuple[ItemKind, Seen]]
    """What is open in the database, open for the engagement, or running."""

    @property
    def named(self) -> Mapping[str, str]:
        """Item id to ``kind:key`` of the items that are open for the running engagement."""
        progress = self.engagement.progress
        if self.engagement.runs and isinstance(progress, EngagementProgress):
            return progress.items
        return {}


@dataclass(frozen=True)
class Difference:
    """One thing on which the database and Temporal differ."""

    trouble: Trouble
    engagement_id: str
    kind: Literal["engagement"] | ItemKind = "engagement"
    item_id: str = ""
    """Empty where it is the engagement itself."""
    recorded: int = 0
    """The recorded sequence."""
    reached: int = 0
    """The sequence that the workflow has come to."""

    @property
    def key(self) -> tuple[str, str, str]:
        """Identifies the difference for as long as it lasts."""
        return self.trouble, self.engagement_id, self.item_id

    @property
    def repairable(self) -> bool:
        """Whether it can be repaired without a person's decision."""
        if self.trouble == "stands_still":
            return False
        return bool(self.item_id) or self.trouble not in ("workflow_gone", "record_missing")


def differences(look: Look, now: datetime) -> list[Difference]:
    """Everything about one engagement and its items, the engagement first."""
    if look.row is None:
        runs = look.engagement.runs or any(seen.runs for _, seen in look.items.values())
        return [Difference("record_missing", look.id)] if runs else []
    found = list(_of_engagement(look, look.row))
    for item_id in sorted(look.items):
        found += _of_item(look, look.row, item_id, now)
    return found


def confirmed(first: Iterable[Difference], second: Iterable[Difference]) -> list[Difference]:
    """The differences that both looks found. A record that was being written has arrived by the
    second look. A busy workflow may be ahead both times, of another record each time."""
    before = {one.key: one for one in first}
    return [one for one in second if one.key in before and _lasts(before[one.key], one)]


def _lasts(before: Difference, now: Difference) -> bool:
    match now.trouble:
        case "copy_behind":
            return now.recorded < before.reached
        case "copy_ahead":
            return now.reached < before.recorded
        case _:
            return True


def _of_engagement(look: Look, row: EngagementOnRecord) -> Iterator[Difference]:
    seen = look.engagement
    if row.pending and not seen.runs:
        # An interrupted start leaves such a row. The member's next start removes it.
        return
    trouble: Trouble | None
    if row.closed_at is not None:
        trouble = "copy_ahead" if _is_open_again(row, seen) else None
    elif seen.is_dumb:
        trouble = "stands_still"
    elif seen.runs:
        trouble = _copy(row.sequence, seen)
    else:
        trouble = "copy_behind" if _has_ended(seen) else "workflow_gone"
    if trouble:
        yield Difference(trouble, look.id, recorded=row.sequence, reached=_sequence(seen))


def _of_item(
    look: Look, engagement: EngagementOnRecord, item_id: str, now: datetime
) -> Iterator[Difference]:
    kind, seen = look.items[item_id]
    row = engagement.items.get(item_id)
    if row is not None and row.closed_at is None:
        trouble = _of_open_item(look, engagement, row, seen, now)
    elif seen.runs and row is not None:
        # It is about to end, unless it was reset.
        trouble = "copy_ahead" if _is_open_again(row, seen) else None
    elif seen.runs:
        trouble = "stands_still" if seen.is_dumb else "record_missing"
    else:
        trouble = "end_unheard" if item_id in look.named else None
    if trouble:
        recorded = row.sequence if row is not None else 0
        yield Difference(trouble, look.id, kind, item_id, recorded, _sequence(seen))


def _of_open_item(
    look: Look, engagement: EngagementOnRecord, row: ItemOnRecord, seen: Seen, now: datetime
) -> Trouble | None:
    if seen.is_dumb:
        return "stands_still"
    if seen.runs:
        left = engagement.closed_at is not None and not look.engagement.runs
        return "left_open" if left else _copy(row.sequence, seen)
    if _has_ended(seen):
        return "copy_behind"
    if seen.status == "absent" and look.engagement.is_dumb:
        # An item is written before it starts, and its engagement may be about to start it.
        return None
    since = row.opened_at if seen.status == "absent" else seen.over_since
    return None if since is not None and now - since < MOMENT else "workflow_gone"


def _copy(recorded: int, seen: Seen) -> Trouble | None:
    reached = _sequence(seen)
    if reached == recorded:
        return None
    return "copy_behind" if reached > recorded else "copy_ahead"


def _is_open_again(row: EngagementOnRecord | ItemOnRecord, seen: Seen) -> bool:
    """Whether something that is closed in the database was reset to a time when it was open."""
    return (
        seen.runs
        and seen.progress is not None
        and seen.progress.closed_at is None
        and seen.progress.sequence < row.sequence
    )


def _has_ended(seen: Seen) -> bool:
    return seen.progress is not None and seen.progress.closed_at is not None


def _sequence(seen: Seen) -> int:
    return seen.progress.sequence if seen.progress is not None else 0
