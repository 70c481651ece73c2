"""Over a year of one engagement: what the planner says is what the mailbox gets, exactly."""

from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.databases import migrated_sqlite
from tests.workflows.office import engagement_of, open_office
from tests.workflows.starts import STARTS, Start, journey

pytestmark = pytest.mark.time_skipping


@pytest.mark.parametrize("start", STARTS, ids=str)
async def test_a_journey_sends_exactly_the_planned_emails(
    skipping: WorkflowEnvironment, start: Start, tmp_path: Path
) -> None:
    url = migrated_sqlite(tmp_path / "milepost.db")
    async with open_office(skipping.client, url, nation=start.nation) as office:
        engaged = await office.start(engagement_of(start.nation, start.day))
        lived = journey(start)
        await lived.live(skipping, engaged)

        sent = [
            (mail.kind, mail.recipient, mail.at.replace(second=0, microsecond=0))
            for mail in await office.mails()
        ]
        assert sorted(sent) == sorted(lived.expected)
        assert len(sent) > 60
        states = {row["state"] for row in await engaged.rows("notifications")}
        assert states == {"accepted"}
        assert (await engaged.row())["stage"] == "completed"
        assert await engaged.rows("tasks") == []
        assert await engaged.handle.result() == "completed"
