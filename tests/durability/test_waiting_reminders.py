"""Reminders that have to wait for the mail server: they make room for new ones."""

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from notifications.senders.mailbox import Mailbox
from notifications.senders.protocol import Accepted, Email, Transient
from storage.database import Database, utc_now
from tests.durability.acts import onboarding_of, until_open
from tests.durability.pace import TOUR, quiet_engagement, reminding_rules
from tests.durability.waiting import until
from tests.workflows.office import Engaged, open_office
from workflows.policies import REMIND_PRIORITY

pytestmark = pytest.mark.dev_server

REFUSALS = 3


class Refusing:
    """A mail server that refuses the first reminders."""

    name = "refusing"

    def __init__(self, database: Database) -> None:
        self._mailbox = Mailbox(database, utc_now)
        self.refused = 0

    async def send(self, email: Email) -> Accepted:
        if email.kind.endswith(".reminder") and self.refused < REFUSALS:
            self.refused += 1
            raise Transient("down")
        return await self._mailbox.send(email)

    async def recall(self, notification_id: str) -> Accepted | None:
        return await self._mailbox.recall(notification_id)

    async def close(self) -> None:
        await self._mailbox.close()


async def activities_of(engaged: Engaged) -> list[tuple[str, int]]:
    """The name and priority of each activity of its onboarding, in order."""
    handle = engaged.item_handle("onboarding", onboarding_of(engaged))
    scheduled = [
        event.activity_task_scheduled_event_attributes
        async for event in handle.fetch_history_events()
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    ]
    return [(one.activity_type.name, one.priority.priority_key) for one in scheduled]


async def test_a_reminder_that_has_to_wait_is_tried_again_after_all_new_ones(
    client: Client, url: str
) -> None:
    """A reminder is written and sent in one activity, which comes before all deliveries. Where the
    mail server refuses it, a delivery takes over, so that it is not before new ones for ever."""
    async with open_office(client, url, sender=Refusing, programme=TOUR, skipping=False) as office:
        engaged = await office.start(quiet_engagement(rules=reminding_rules(1)))
        await until_open(engaged, "onboarding")

        async def reminded() -> bool:
            return "onboarding.reminder" in [mail.kind for mail in await office.mails(engaged.id)]

        await until(reminded, "the reminder goes out once the mail server takes it")
        await until(lambda: has_ended(engaged), "the delivery has ended")
        own = [one for one in await activities_of(engaged) if one[0] in ("remind", "deliver")]
        assert own[-2:] == [("remind", REMIND_PRIORITY.priority_key), ("deliver", 0)]
        told = [mail.kind for mail in await office.mails(engaged.id)]
        assert told.count("onboarding.reminder") == 1
        facts = await engaged.facts()
        assert facts.count("rung.fired") == 1
        assert "record.refused" not in facts


async def has_ended(engaged: Engaged) -> bool:
    handle = engaged.item_handle("onboarding", onboarding_of(engaged))
    return not (await handle.describe()).raw_description.pending_activities
