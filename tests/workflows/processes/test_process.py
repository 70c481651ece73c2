"""When the emails of one decision may leave: in their recipients' sending windows."""

from datetime import UTC, datetime

import pytest

from programmes.facts import first_to_leave
from tests.workflows.stories import calendar
from workflows.processes.process import Decision

EASTER_MONDAY = datetime(2027, 3, 29, 9, tzinfo=UTC)
TUESDAY = datetime(2027, 3, 30, 8, tzinfo=UTC)
ST_ANDREW = datetime(2027, 11, 30, 10, tzinfo=UTC)
DAY_AFTER = datetime(2027, 12, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "to", "not_before"),
    [
        (EASTER_MONDAY, ("lead",), None),
        (EASTER_MONDAY, ("manager",), TUESDAY),
        (EASTER_MONDAY, ("per_researcher", "funder", "team", "adviser"), TUESDAY),
        (EASTER_MONDAY, ("lead", "team"), None),
        (ST_ANDREW, ("member", "con_second"), DAY_AFTER),
        (ST_ANDREW, ("researcher",), None),
        (ST_ANDREW, ("lead", "team"), None),
    ],
)
def test_a_notice_waits_for_the_first_day_on_which_one_of_its_readers_hears(
    now: datetime, to: tuple[str, ...], not_before: datetime | None
) -> None:
    decision = Decision(now, calendar("SCT"))
    decision.tell("research.received", *to)
    assert decision.notices[0].not_before == not_before


@pytest.mark.parametrize(
    ("now", "to", "leaves"),
    [
        (EASTER_MONDAY, ["lead", "manager"], None),
        (EASTER_MONDAY, ["manager", "adviser"], TUESDAY),
        (ST_ANDREW, ["lead", "manager"], None),
        (ST_ANDREW, ["lead"], DAY_AFTER),
        (ST_ANDREW, [], None),
    ],
)
def test_no_reader_waits_for_another_ones_day(
    now: datetime, to: list[str], leaves: datetime | None
) -> None:
    decision = Decision(now, calendar("SCT"))
    for one in to:
        decision.tell("research.received", one)
    assert first_to_leave(decision.notices) == leaves
