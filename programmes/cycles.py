"""When advice cycles open, and the expected dates of each."""

from collections.abc import Mapping
from datetime import date, datetime

from programmes.calendar import WorkingCalendar
from programmes.deadlines import PlannedDeadline, deadline, due_after, opening_after
from programmes.durations import parse_duration
from programmes.plans import PlannedItem, after_words
from programmes.reviews import review_dues
from programmes.rules import AdviceRules, Rules, StageRule

_WITHOUT_REVIEWS = "P12M"
"""How far ahead cycles are planned without a review, which would set the programme's end."""


def next_cycle_at(
    rules: Rules,
    calendar: WorkingCalendar,
    onboarded_at: datetime,
    cycles: tuple[datetime, ...],
    moved: Mapping[str, date] | None = None,
) -> datetime | None:
    """When the next advice cycle opens; ``None`` without advice, and from the last review's day.

    ``cycles`` holds the openings so far. Every cycle counts its interval from the first one, so a
    cycle that opened late does not delay the next.
    """
    if rules.advice is None:
        return None
    first = opening_after(calendar, onboarded_at, parse_duration(rules.advice.first))
    interval = parse_duration(rules.advice.interval)
    dues = review_dues(rules, calendar, onboarded_at, moved or {})
    last = max(dues.values(), default=None)
    turn = len(cycles)
    opening = opening_after(calendar, first, interval.times(turn)) if turn else first
    while cycles and opening <= cycles[-1] and _before(calendar, opening, last):
        turn += 1
        opening = opening_after(calendar, first, interval.times(turn))
    return opening if _before(calendar, opening, last) else None


def planned_cycles(
    rules: Rules,
    calendar: WorkingCalendar,
    onboarded_at: datetime,
    cycles: tuple[datetime, ...],
    moved: Mapping[str, date],
) -> tuple[PlannedItem, ...]:
    """The cycles that opened at ``cycles``, and all future ones."""
    if rules.advice is None:
        return ()
    horizon = due_after(calendar, onboarded_at, _WITHOUT_REVIEWS)
    openings = list(cycles)
    while following := next_cycle_at(rules, calendar, onboarded_at, tuple(openings), moved):
        if not rules.reviews and following > horizon:
            break
        openings.append(following)
    return tuple(
        _cycle(rules, rules.advice, str(number), opening, calendar)
        for number, opening in enumerate(openings, start=1)
    )


def _before(calendar: WorkingCalendar, opening: datetime, last_due: datetime | None) -> bool:
    if last_due is None:
        return True
    # A cycle does not open on the day of the last review, when the programme ends.
    if calendar.always_open:
        return opening < last_due
    return calendar.local_date(opening) < calendar.local_date(last_due)


def _cycle(
    rules: Rules, advice: AdviceRules, key: str, opening: datetime, calendar: WorkingCalendar
) -> PlannedItem:
    proposed = due_after(calendar, opening, advice.propose.due)
    confirmed = due_after(calendar, proposed, advice.confirm.due)
    session = _expected_session(calendar, confirmed, advice)
    agenda = max(confirmed, due_after(calendar, session, advice.agenda.due))

    def at(
        name: str, stage: StageRule, opens: datetime, due: datetime, anchor: str
    ) -> PlannedDeadline:
        rule = after_words(stage.due, anchor)
        soon, ladders = rules.soon, rules.ladders
        return deadline(name, stage, due, ladders, calendar, soon=soon, rule=rule, opens=opens)

    held = due_after(calendar, session, advice.session.due)
    noted = due_after(calendar, session, advice.notes.due)
    deadlines = (
        at("propose", advice.propose, opening, proposed, "the opening of the cycle"),
        at("confirm", advice.confirm, proposed, confirmed, "the proposal of dates"),
        at("agenda", advice.agenda, confirmed, agenda, "the session"),
        at("session", advice.session, confirmed, held, "the session"),
        at("notes", advice.notes, session, noted, "the session"),
    )
    return PlannedItem("advice", key, opening, max(each.due_at for each in deadlines), deadlines)


def _expected_session(
    calendar: WorkingCalendar, confirmed: datetime, advice: AdviceRules
) -> datetime:
    # The date of the session is not known yet. The plan expects it twice the agenda's lead after
    # the date is confirmed, which leaves enough time for the agenda.
    lead = parse_duration(advice.agenda.due)
    room = advice.agenda.due.removeprefix("-") if lead.count else "0wd"
    return due_after(calendar, due_after(calendar, confirmed, room), room)
