"""What differs between the record and Temporal, case by case."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from commands.reconciling.differences import (
    MOMENT,
    Difference,
    Look,
    Seen,
    Trouble,
    confirmed,
    differences,
)
from programmes.facts import EngagementState
from storage.queries.reconciling import EngagementOnRecord, ItemOnRecord
from tests.workflows.stories import NOON, START
from workflows.messages import EngagementProgress, ItemProgress

NOW = NOON + timedelta(days=1)
OPEN = ItemOnRecord("itm_1", "research", "1", 2, NOON, None, "")
CLOSED = replace(OPEN, closed_at=NOON, outcome="answered")
ROW = EngagementOnRecord(
    id="eng_1",
    sequence=5,
    closed_at=None,
    pending=False,
    state=EngagementState(stage="active", started_on=START, opened_at=NOON),
    items={"itm_1": OPEN},
)
PROGRESS = EngagementProgress(
    stage="active",
    sequence=5,
    opened_at=NOON,
    onboarded_at=NOON,
    moved={},
    cycles=(),
    carried=(),
    requests=1,
    items={"itm_1": "research:1"},
    ended=(),
)
ITEM = ItemProgress(
    stage="scope", sequence=2, assignee="", due_at=None, data={}, open={}, revisions={}
)
RUNS = Seen("running", PROGRESS)
ITEM_RUNS = Seen("running", ITEM)
ABSENT = Seen("absent")
TERMINATED = Seen("over", PROGRESS, NOON)
ITEM_TERMINATED = Seen("over", ITEM, NOON)
ITEM_ENDED = Seen("over", replace(ITEM, sequence=4, closed_at=NOON), NOON, by_itself=True)
COMPLETED = Seen("over", replace(PROGRESS, sequence=7, closed_at=NOON), NOON, by_itself=True)
DUMB = Seen("running")


def look(
    engagement: Seen = RUNS,
    item: Seen | None = ITEM_RUNS,
    row: EngagementOnRecord | None = ROW,
) -> Look:
    items = {} if item is None else {"itm_1": ("research", item)}
    return Look("eng_1", row, engagement, items)  # type: ignore[arg-type]


def with_item(item: ItemOnRecord | None) -> EngagementOnRecord:
    items: Mapping[str, ItemOnRecord] = {} if item is None else {"itm_1": item}
    return replace(ROW, items=items)


def unheard(seen: Seen = RUNS) -> Seen:
    return replace(seen, progress=replace(PROGRESS, items={}))


ENGAGEMENTS: list[tuple[str, Look, Trouble | None]] = [
    ("as it should be", look(), None),
    ("terminated", look(TERMINATED), "workflow_gone"),
    ("past its retention", look(ABSENT), "workflow_gone"),
    ("failed, and it cannot be asked", look(Seen("over", None, NOON)), "workflow_gone"),
    ("ended behind the record's back", look(COMPLETED), "copy_behind"),
    ("ended, and it cannot be asked", look(Seen("over", None, NOON, True)), "stands_still"),
    ("ahead of the record", look(row=replace(ROW, sequence=4)), "copy_behind"),
    ("behind the record", look(row=replace(ROW, sequence=6)), "copy_ahead"),
    ("dumb", look(DUMB), "stands_still"),
    ("unknown, and it runs", look(row=None), "record_missing"),
    ("unknown, and an item of it runs", look(ABSENT, row=None), "record_missing"),
    ("unknown, and over", look(ABSENT, None, row=None), None),
    (
        "a start that broke off",
        look(ABSENT, None, row=replace(ROW, pending=True, sequence=0)),
        None,
    ),
    ("a start not on record", look(row=replace(ROW, pending=True, sequence=0)), "copy_behind"),
    ("over on record, and it runs still", look(row=replace(ROW, closed_at=NOON)), None),
    (
        "over on record, and reset to an earlier step",
        look(row=replace(ROW, closed_at=NOON, sequence=6)),
        "copy_ahead",
    ),
]

ITEMS: list[tuple[str, Look, Trouble | None]] = [
    ("terminated", look(item=ITEM_TERMINATED), "workflow_gone"),
    ("terminated just now", look(item=replace(ITEM_TERMINATED, over_since=NOW - MOMENT / 2)), None),
    ("past its retention", look(item=ABSENT), "workflow_gone"),
    ("just opened", look(item=ABSENT, row=with_item(replace(OPEN, opened_at=NOW))), None),
    ("ended behind the record's back", look(item=ITEM_ENDED), "copy_behind"),
    ("ended, and it cannot be asked", look(item=Seen("over", None, NOON, True)), "stands_still"),
    ("ahead of the record", look(row=with_item(replace(OPEN, sequence=1))), "copy_behind"),
    ("behind the record", look(row=with_item(replace(OPEN, sequence=3))), "copy_ahead"),
    ("dumb", look(item=DUMB), "stands_still"),
    ("running, and not on record", look(row=with_item(None)), "record_missing"),
    ("dumb, and not on record", look(item=DUMB, row=with_item(None)), "stands_still"),
    ("closed, and named as open", look(item=ITEM_ENDED, row=with_item(CLOSED)), "end_unheard"),
    ("closed, forgotten, and named", look(item=ABSENT, row=with_item(CLOSED)), "end_unheard"),
    ("over, named, and not on record", look(item=ITEM_ENDED, row=with_item(None)), "end_unheard"),
    ("closed, and about to end", look(row=with_item(CLOSED)), None),
    (
        "closed, and reset to an earlier step",
        look(row=with_item(replace(CLOSED, sequence=3))),
        "copy_ahead",
    ),
    ("closed, and heard of", look(unheard(), ITEM_ENDED, with_item(CLOSED)), None),
]


@pytest.mark.parametrize(("case", "seen", "trouble"), ENGAGEMENTS)
def test_an_engagement(case: str, seen: Look, trouble: Trouble | None) -> None:
    found = [one for one in differences(seen, NOW) if not one.item_id]
    assert [one.trouble for one in found] == ([trouble] if trouble else []), case


@pytest.mark.parametrize(("case", "seen", "trouble"), ITEMS)
def test_an_item(case: str, seen: Look, trouble: Trouble | None) -> None:
    found = differences(seen, NOW)
    assert all(one.item_id and one.kind == "research" for one in found)
    assert [one.trouble for one in found] == ([trouble] if trouble else []), case


def test_an_item_that_goes_on_after_its_engagement_is_left_open() -> None:
    over = replace(ROW, closed_at=NOON)
    assert [one.trouble for one in differences(look(ABSENT, row=over), NOW)] == ["left_open"]
    # While the engagement is ending, it closes them itself.
    assert differences(look(row=over), NOW) == []


def test_a_lost_engagement_needs_a_decision_and_a_lost_item_does_not() -> None:
    (gone,) = differences(look(TERMINATED), NOW)
    assert not gone.repairable
    (unknown,) = differences(look(row=None), NOW)
    assert not unknown.repairable
    behind = look(row=replace(ROW, sequence=6))
    for seen in (look(item=ABSENT), look(row=with_item(None)), look(COMPLETED), behind):
        assert all(one.repairable for one in differences(seen, NOW))
    assert not any(one.repairable for one in differences(look(DUMB), NOW))


def test_an_item_may_be_about_to_be_started_as_long_as_its_engagement_is_dumb() -> None:
    assert [one.item_id for one in differences(look(DUMB, ABSENT), NOW)] == [""]


def behind(recorded: int, reached: int) -> Difference:
    return Difference("copy_behind", "eng_1", recorded=recorded, reached=reached)


def test_only_what_a_second_look_finds_as_well_is_a_difference() -> None:
    gone = Difference("workflow_gone", "eng_1")
    assert confirmed([gone, behind(1, 2)], [gone]) == [gone]
    assert confirmed([], [gone]) == []


def test_a_busy_workflow_is_not_behind_its_record_for_long() -> None:
    assert confirmed([behind(5, 6)], [behind(5, 6)]) == [behind(5, 6)]
    assert confirmed([behind(5, 6)], [behind(7, 8)]) == []
    ahead = Difference("copy_ahead", "eng_1", recorded=6, reached=5)
    assert confirmed([ahead], [replace(ahead, reached=6, recorded=7)]) == []
    assert confirmed([ahead], [ahead]) == [ahead]
