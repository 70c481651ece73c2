"""Whether a notification is still true, for every current state."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.delivery.checks import CurrentState, outdated_reason
from notifications.kinds import Rule

RUNNING = CurrentState("active", True, 1)
rules = st.sampled_from(["running", "finished", "always"])
states = st.builds(
    CurrentState,
    st.sampled_from(["onboarding", "active", "completing", "completed", "withdrawn"]),
    st.booleans(),
    st.one_of(st.none(), st.integers(1, 3)),
)


@pytest.mark.parametrize(
    ("rule", "task", "revision", "state", "reason"),
    [
        ("running", "triage", 1, RUNNING, ""),
        ("running", "triage", 0, RUNNING, ""),
        ("running", "", 0, CurrentState("active", True, None), ""),
        ("running", "triage", 1, CurrentState("active", True, None), "done"),
        ("running", "triage", 1, CurrentState("active", True, 2), "moved"),
        ("running", "triage", 1, CurrentState("active", False, 1), "recipient_left"),
        ("running", "", 0, CurrentState("completed", True, None), "engagement_closed"),
        ("finished", "", 0, CurrentState("completed", True, None), ""),
        ("finished", "", 0, CurrentState("withdrawn", True, None), "engagement_closed"),
        ("always", "", 0, CurrentState("withdrawn", True, None), ""),
        ("always", "", 0, CurrentState("withdrawn", False, None), "recipient_left"),
    ],
)
def test_each_reason(
    rule: Rule, task: str, revision: int, state: CurrentState, reason: str
) -> None:
    assert outdated_reason(rule, task, revision, state) == reason


@given(rules, st.integers(0, 3), states)
def test_no_email_goes_to_a_recipient_who_left_or_about_a_closed_task(
    rule: Rule, revision: int, state: CurrentState
) -> None:
    reason = outdated_reason(rule, "triage", revision, state)
    if not reason:
        assert state.recipient_active
        assert state.open_revision is not None
        assert revision in (0, state.open_revision)
