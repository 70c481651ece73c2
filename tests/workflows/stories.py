"""Inputs for the tests of workflows: the first office's rules, one calendar a nation."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from programmes.calendar import WorkingCalendar
from programmes.holidays import calendar_for
from programmes.rules import ItemKind, Rules
from programmes.vocabulary import Nation
from tests.definitions import definition as definition
from workflows.messages import EngagementInput, ItemInput

START = date(2026, 12, 14)
NOON = datetime(2026, 12, 14, 12, tzinfo=UTC)
MANAGER, ADVISER, RESEARCHER = "per_manager", "per_adviser", "per_researcher"
LEAD = "con_lead"


@cache
def rules(name: str = "inclusive-growth-network") -> Rules:
    """The rules of a definition."""
    return definition(name).rules()


@cache
def calendar(nation: Nation = "ENG", name: str = "inclusive-growth-network") -> WorkingCalendar:
    """The calendar of a member of that nation, for three years."""
    return calendar_for(definition(name), nation, first=date(2026, 1, 1), last=date(2029, 12, 31))


@cache
def calendar_from(start: date, nation: Nation = "ENG") -> WorkingCalendar:
    """The calendar of a member of that nation that starts on that day, for as long as the API
    looks ahead."""
    last = start + timedelta(days=366 * 3)
    return calendar_for(definition(), nation, first=start - timedelta(days=31), last=last)


def engagement_input(nation: Nation = "ENG", **changes: Any) -> EngagementInput:
    """An engagement of the first office."""
    return replace(
        EngagementInput(
            engagement_id="eng_1",
            member_id="mem_1",
            rules=rules(),
            calendar=calendar(nation),
            start=START,
            by=MANAGER,
            title="test",
        ),
        **changes,
    )


def item_input(kind: ItemKind, key: str = "1", *, at: datetime = NOON, **changes: Any) -> ItemInput:
    """An item of the first office, opened at ``at``."""
    programme = rules()
    of_kind: dict[str, dict[str, Any]] = {
        "onboarding": {"onboarding": programme.onboarding},
        "research": {"research": programme.research, "text": "txt_request", "theme": "good-jobs"},
        "advice": {"advice": programme.advice},
        "review": {"review": programme.reviews[0]},
    }
    return replace(
        ItemInput(
            engagement_id="eng_1",
            item_id="itm_1",
            kind=kind,
            key=key,
            opened_at=at,
            by=LEAD,
            calendar=calendar(),
            ladders=programme.ladders,
            soon=programme.soon,
            title="test",
        ),
        **(of_kind[kind] | changes),
    )
