"""Which engagements the nightly comparison suspects, case by case."""

from dataclasses import replace

import pytest

from commands.reconciling.listing import Listing, is_suspect
from storage.queries.reconciling import EngagementOnRecord
from tests.commands.reconciling.test_differences import CLOSED, OPEN, ROW
from tests.workflows.stories import NOON
from workflows.ids import WorkflowAddress

ENGAGEMENT = WorkflowAddress("eng_1")
ITEM = WorkflowAddress("eng_1", "research", "itm_1")
OTHER = WorkflowAddress("eng_1", "research", "itm_2")
ENDED = replace(ROW, closed_at=NOON)
ALL_ENDED = replace(ENDED, items={"itm_1": CLOSED})
PENDING = replace(ROW, pending=True, items={})


@pytest.mark.parametrize(
    ("row", "running", "cut_off", "suspect"),
    [
        (ROW, [ENGAGEMENT, ITEM], [], False),
        (ALL_ENDED, [], [], False),
        (replace(ROW, items={"itm_1": CLOSED}), [ENGAGEMENT], [], False),
        # What was cut off in the past and is closed is settled.
        (replace(ROW, items={"itm_1": CLOSED}), [ENGAGEMENT], [ITEM], False),
        (ALL_ENDED, [], [ENGAGEMENT, ITEM], False),
        # An interrupted start.
        (PENDING, [], [], False),
        (PENDING, [ENGAGEMENT], [], False),
        # A workflow is gone.
        (ROW, [ENGAGEMENT], [], True),
        (ROW, [ITEM], [], True),
        (ROW, [], [ENGAGEMENT], True),
        # A row is missing, or closed too early.
        (None, [ENGAGEMENT], [], True),
        (None, [ITEM], [], True),
        (ROW, [ENGAGEMENT, ITEM, OTHER], [], True),
        (replace(ROW, items={"itm_1": CLOSED}), [ENGAGEMENT, ITEM], [], True),
        (ALL_ENDED, [ENGAGEMENT], [], True),
        # An item runs on after its engagement.
        (ENDED, [ITEM], [], True),
        # Reset: a run was terminated, and another one runs.
        (ROW, [ENGAGEMENT, ITEM], [ENGAGEMENT], True),
        (ROW, [ENGAGEMENT, ITEM], [ITEM], True),
    ],
)
def test_it_is_suspect_where_list_and_record_disagree_or_a_run_was_cut_off(
    row: EngagementOnRecord | None,
    running: list[WorkflowAddress],
    cut_off: list[WorkflowAddress],
    suspect: bool,
) -> None:
    assert is_suspect(Listing.of(running, cut_off), "eng_1", row) is suspect
    assert OPEN.closed_at is None
