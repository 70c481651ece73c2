"""Whether a notification still holds, over everything that may have happened."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.delivery.checks import Now, untrue_because
from notifications.kinds import Rule

RUNNING = Now("active", True, 1)
rules = st.sampled_from(["running", "finished", "always"])
states = st.builds(
    Now,
    st.sampled_from(["onboarding", "active", "completing", "completed", "withdrawn"]),
    st.booleans(),
    st.one_of(st.none(), st.integers(1, 3)),
)


@pytest.mark.parametrize(
    ("rule", "task", "revision", "now", "reason"),
    [
        ("running", "triage", 1, RUNNING, ""),
        ("running", "triage", 0, RUNNING, ""),
        ("running", "", 0, Now("active", True, None), ""),
        ("running", "triage", 1, Now("active", True, None), "done"),
        ("running", "triage", 1, Now("active", True, 2), "moved"),
        ("running", "triage", 1, Now("active", False, 1), "recipient_left"),
        ("running", "", 0, Now("completed", True, None), "engagement_closed"),
        ("finished", "", 0, Now("completed", True, None), ""),
        ("finished", "", 0, Now("withdrawn", True, None), "engagement_closed"),
        ("always", "", 0, Now("withdrawn", True, None), ""),
        ("always", "", 0, Now("withdrawn", False, None), "recipient_left"),
    ],
)
def test_each_reason(rule: Rule, task: str, revision: int, now: Now, reason: str) -> None:
    assert untrue_because(rule, task, revision, now) == reason


@given(rules, st.integers(0, 3), states)
def test_nothing_is_ever_sent_to_whoever_left_or_about_what_is_done(
    rule: Rule, revision: int, now: Now
) -> None:
    reason = untrue_because(rule, "triage", revision, now)
    if not reason:
        assert now.recipient_active
        assert now.open_revision is not None
        assert revision in (0, now.open_revision)
