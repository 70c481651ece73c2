"""Samples of what runs: some of each kind and stage, old and new."""

from datetime import UTC, datetime, timedelta

from commands.upgrading.running import Running, sample


def started(count: int, stage: str = "triage") -> list[Running]:
    first = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        Running(f"w{day}", f"r{day}", "ResearchRequest", stage, first + timedelta(days=day))
        for day in range(count)
    ]


def test_it_has_the_oldest_and_the_newest_and_those_between() -> None:
    picked = sample(started(10), 3)
    assert [one.workflow_id for one in picked] == ["w0", "w4", "w9"]


def test_one_is_the_oldest() -> None:
    assert [one.workflow_id for one in sample(started(10), 1)] == ["w0"]


def test_each_stage_has_its_own() -> None:
    picked = sample([*started(5), *started(2, "draft")], 2)
    assert sorted(one.stage for one in picked) == ["draft", "draft", "triage", "triage"]
