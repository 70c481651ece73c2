"""Twelve months of one engagement: what the planner says is what the mailbox gets, exactly."""

import time
from datetime import date, timedelta
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from programmes.planner import plan
from programmes.vocabulary import NATIONS, Nation
from tests.workflows.journey import Journey
from tests.workflows.office import engagement_of, open_office
from tests.workflows.stories import calendar, rules

pytestmark = pytest.mark.time_skipping


def next_monday(day: date) -> date:
    return day + timedelta(days=7 - day.weekday())


@pytest.mark.parametrize("nation", NATIONS)
async def test_a_years_journey_sends_exactly_the_planned_emails(
    skipping: WorkflowEnvironment, nation: Nation, tmp_path: Path
) -> None:
    start = next_monday((await skipping.get_current_time()).date())
    planned = plan(rules(), start, calendar(nation))
    url = f"sqlite+aiosqlite:///{tmp_path}/milepost.db"
    async with open_office(skipping.client, url, nation=nation) as office:
        began = time.monotonic()
        engaged = await office.start(engagement_of(nation, start))
        journey = Journey(engaged, nation, planned)
        await journey.live(skipping)
        took = time.monotonic() - began

        sent = [
            (mail.kind, mail.recipient, mail.at.replace(second=0, microsecond=0))
            for mail in await office.mails()
        ]
        assert sorted(sent) == sorted(journey.expected)
        assert len(sent) > 60
        states = {row["state"] for row in await engaged.rows("notifications")}
        assert states == {"accepted"}
        assert (await engaged.row())["stage"] == "completed"
        assert await engaged.rows("tasks") == []
        assert await engaged.handle.result() == "completed"
    # Not a timed test: a bound far above what it takes, so that a stuck journey is told apart.
    assert took < 60, f"{took:.1f} s"
    print(f"{nation}: {len(sent)} emails in {took:.1f} s")
