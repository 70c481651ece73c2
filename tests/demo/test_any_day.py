"""The story turns out the same on whatever day it is played: week-ends, Christmas, leap days."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from demo.player import SPANNED, Days
from demo.story import SampleEngagement, sample_story
from programmes.calendar import WorkingCalendar
from programmes.deadlines import PlannedDeadline
from programmes.holidays import calendar_for
from programmes.loader import built_in_definitions, load_definition
from programmes.planner import Adjustments, plan
from programmes.vocabulary import Health
from storage.queries.rows import health_of

STORY = sample_story()
IGN = load_definition(dict(built_in_definitions())["inclusive-growth-network"], "IGN")
LONDON = ZoneInfo("Europe/London")
ORDER: tuple[Health, ...] = ("on_track", "due_soon", "overdue", "stuck")

FIRST = date(2026, 11, 20)
TODAYS = [FIRST + timedelta(days=number) for number in range(0, 900, 30)]
TODAYS += [date(2026, 12, day) for day in range(22, 32)]
TODAYS += [date(2027, 1, day) for day in range(1, 8)]
TODAYS += [date(2027, 3, day) for day in range(25, 32)] + [date(2028, 2, 29)]


def calendar_on(today: date, engagement: SampleEngagement) -> WorkingCalendar:
    nation = STORY.members[engagement.member].nation
    return calendar_for(IGN, nation, first=today - SPANNED, last=today + SPANNED)


def standing(today: date, now: datetime, engagement: SampleEngagement) -> Health:
    """The health of an engagement that is still in its onboarding, from the planner alone."""
    days = Days(today, IGN, STORY.members[engagement.member].nation)
    calendar = calendar_on(today, engagement)
    planned = plan(IGN.rules(), days.day(engagement.start), calendar)
    done = {move.details["step"] for move in engagement.moves if move.do == "complete_step"}
    waiting = {step.key for step in IGN.rules().onboarding if not done.issuperset(step.after)}
    opened: list[PlannedDeadline] = [
        each
        for each in planned.items[0].deadlines
        if each.key.removeprefix("step:") not in done | waiting
    ]
    if planned.items[0].opens_at > now:
        return "on_track"
    return max(
        (health_of(now, each.soon_at, each.due_at, each.ends_at) for each in opened),
        key=ORDER.index,
    )


@pytest.mark.parametrize("hour", [0, 12, 23])
def test_onboardings_stand_as_the_story_expects_on_any_day(hour: int) -> None:
    for today in TODAYS:
        now = datetime.combine(today, time(hour, 30), LONDON).astimezone(UTC)
        for engagement in STORY.engagements:
            expected = engagement.expects.health
            if expected is not None:
                assert standing(today, now, engagement) == expected, (today, engagement.member)


def test_every_review_that_the_story_works_on_has_opened_on_any_day() -> None:
    for today in TODAYS:
        now = datetime.combine(today, time(0, 1), LONDON).astimezone(UTC)
        for engagement in STORY.engagements:
            wanted = {m.details["review"] for m in engagement.moves if "review" in m.details}
            if wanted:
                assert wanted <= opened_reviews(today, now, engagement), (today, engagement.member)


def opened_reviews(today: date, now: datetime, engagement: SampleEngagement) -> set[str]:
    days = Days(today, IGN, STORY.members[engagement.member].nation)
    calendar = calendar_on(today, engagement)
    last = max(
        days.day(move.details["done_on"]) for move in engagement.moves if "done_on" in move.details
    )
    changes = Adjustments(onboarded_at=calendar.closing(last))
    planned = plan(IGN.rules(), days.day(engagement.start), calendar, changes)
    return {item.key for item in planned.items if item.kind == "review" and item.opens_at <= now}


def test_what_was_done_lies_between_the_start_and_today_and_in_order() -> None:
    for today in TODAYS:
        for engagement in STORY.engagements:
            days = Days(today, IGN, STORY.members[engagement.member].nation)
            done = [
                days.day(move.details[name])
                for move in engagement.moves
                for name in ("done_on", "held_on")
                if name in move.details
            ]
            assert all(days.day(engagement.start) <= day <= today for day in done)
            assert done == sorted(done)
