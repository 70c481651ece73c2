"""Workflows that an operator terminates, cancels or resets, and the record after its repair."""

import pytest

from tests.durability.interventions import CASES, Case, play, sample
from tests.durability.reconciled import impatient as impatient
from tests.workflows.office import Office

pytestmark = [pytest.mark.dev_server, pytest.mark.slow]


FIRST_STAGES = {"onboarding": "steps", "research": "triage", "advice": "propose"}
FIRST_STAGES["review"] = "preparing"


def expected(case: Case, stage: str) -> tuple[str, tuple[str, ...]]:
    """What the office sees then, and what is left for a person: as ``docs/deploy.md`` says."""
    of_engagement = case.kind == "engagement"
    match case.act:
        case "terminate" if of_engagement:
            return f"open at {stage}", ("engagement workflow_gone",)
        case "terminate":
            return "closed: lost", ()
        case "cancel":
            return f"closed: {'withdrawn' if of_engagement else 'cancelled'}", ()
        case "reset":
            return f"open at {stage}", ()
        case _:
            # The stages of an engagement come from what its items report: signals happen again.
            return f"open at {stage if of_engagement else FIRST_STAGES[case.kind]}", ()


@pytest.mark.timeout(1800)
async def test_what_is_struck_by_hand_comes_to_what_the_table_says(
    office: Office, nightly: bool
) -> None:
    came = await play(office, CASES if nightly else sample())
    assert {one: (one.then, one.left) for one in came} == {
        one: expected(one.case, one.stage) for one in came
    }
