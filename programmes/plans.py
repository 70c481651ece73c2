"""The plan of an engagement, and what has happened to it so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from programmes.deadlines import PlannedDeadline
from programmes.durations import in_words, parse_duration
from programmes.rules import ItemKind

ONBOARDING = "onboarding"
"""The key of the onboarding, and what a review may come after."""


@dataclass(frozen=True)
class PlannedItem:
    """One item with the deadlines that its steps or stages are expected to have."""

    kind: ItemKind
    key: str
    opens_at: datetime
    due_at: datetime
    deadlines: tuple[PlannedDeadline, ...]

    def deadline(self, key: str) -> PlannedDeadline:
        """The deadline of that key. Raises ``KeyError`` where the item has none."""
        for planned in self.deadlines:
            if planned.key == key:
                return planned
        raise KeyError(key)


@dataclass(frozen=True)
class Plan:
    """Every date of an engagement. Open work is taken to end exactly when it is due."""

    start: date
    onboarded_at: datetime
    items: tuple[PlannedItem, ...]

    def item(self, kind: ItemKind, key: str) -> PlannedItem:
        """The item of that kind and key. Raises ``KeyError`` where the plan has none."""
        for item in self.items:
            if item.kind == kind and item.key == key:
                return item
        raise KeyError((kind, key))


@dataclass(frozen=True)
class Adjustments:
    """What has happened to the plan so far."""

    onboarded_at: datetime | None = None
    moved: Mapping[str, date] = field(default_factory=dict)
    """New due dates: a review's key, or ``step:<key>``, to the day."""
    cycles: tuple[datetime, ...] = ()
    """When each advice cycle so far opened."""
    done: Mapping[str, datetime] = field(default_factory=dict)
    """When each finished onboarding step was done or waived, by its key."""


def after_words(duration: str, what: str) -> str:
    """The rule behind a date: ``3 working days after the start``."""
    span = parse_duration(duration)
    if span.count == 0:
        return f"at {what}" if span.is_exact else f"on the day of {what}"
    return f"{in_words(span)} {'before' if span.sign < 0 else 'after'} {what}"


def moved_words(day: date) -> str:
    """The rule behind a date that a manager set."""
    return f"moved to {day.isoformat()}"
