"""The gate of releases sees a change of a decision, and names it: where it is, what it was."""

from datetime import date, datetime

import pytest

from programmes import deadlines
from programmes.calendar import WorkingCalendar
from temporal.decisions import Decision, flat
from tests.replay.gate import Judged, judged
from tests.replay.kept import shapes
from tests.replay.noted import read_noted
from workflows import ladder
from workflows.processes import process

RESEARCH, REVIEW = "year.research-2.closed", "year.review-three-month.signed"


async def judge(name: str) -> Judged:
    [one] = await judged([shapes()[0] / f"{name}.json"])
    return one


async def test_it_sees_another_revision_of_a_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    put = ladder.Deadlines._put

    def by_seven(self: ladder.Deadlines, key: str, *rest: object, **more: object) -> object:
        self.revisions[key] = self.revisions.get(key, 0) + 6
        return put(self, key, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(ladder.Deadlines, "_put", by_seven)
    changed = await judge(RESEARCH)
    assert not changed.replayed.failure, "the commands are the same"
    assert "local activity record #1 (event 11): tasks.0.revision was 1 and is now 7" in str(
        changed
    )
    assert changed.path.name in str(changed)


async def test_it_sees_another_number_of_a_record(monkeypatch: pytest.MonkeyPatch) -> None:
    record = process.Process._record

    def by_two(self: process.Process, *rest: object, **more: object) -> object:
        self.sequence += 1
        return record(self, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(process.Process, "_record", by_two)
    changed = str(await judge(RESEARCH))
    assert "activity deliver #2 (event 13): sequence was 2 and is now 4" in changed


async def test_it_sees_another_date_of_the_calendar(monkeypatch: pytest.MonkeyPatch) -> None:
    def at_opening(self: WorkingCalendar, day: date) -> datetime:
        return self.opening(day)

    monkeypatch.setattr(WorkingCalendar, "closing", at_opening)
    changed = str(await judge(REVIEW))
    assert "due_at was" in changed
    assert f"{REVIEW}.decisions:" in changed


async def test_it_sees_another_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    wake = ladder.OpenDeadline.next_wake

    def an_hour_later(self: ladder.OpenDeadline) -> datetime | None:
        due = wake(self)
        return due and due.replace(hour=due.hour + 1)

    monkeypatch.setattr(ladder.OpenDeadline, "next_wake", an_hour_later)
    changed = str(await judge(RESEARCH))
    assert "timer #1 (event 5): wait was " in changed


async def test_it_names_the_line_of_what_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "opening_before", lambda _calendar, instant, _span: instant)
    changed = await judge(RESEARCH)
    [line] = {changed.noted.line_of(one) for one in changed.differences[:1]}
    assert line is not None
    path = changed.differences[0].path
    assert changed.noted.path.read_text().split("\n")[line - 1].startswith(f"  {path} = ")


async def test_an_unnoted_decision_fails_too(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = await judge(RESEARCH)
    assert whole.passed, str(whole)
    noted = read_noted(whole.path)
    local = next(one for one in whole.replayed.recorded if one.kind == "local activity")
    del noted.values[local.place]
    missing = whole.replayed.differences(noted.expected(list(whole.replayed.recorded)))
    assert {one.decision for one in missing} == {local}


def test_a_new_optional_field_is_no_difference() -> None:
    assert flat({"a": 1, "b": None}) == flat({"a": 1})
    assert flat({"a": [1, {"b": "x"}], "c": {}}) == {"a.0": "1", "a.1.b": '"x"', "c": "{}"}
    assert flat(None) == flat({}) == {}


def test_a_decision_is_named_by_kind_name_and_number() -> None:
    assert str(Decision("local activity", "3", "record")) == "local activity record #3"
    assert str(Decision("continue as new", "", "Engagement")) == "continue as new Engagement"
    assert str(Decision("result", "")) == "result"
