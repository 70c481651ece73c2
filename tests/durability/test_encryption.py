"""An office with keys: a whole engagement whose histories none can read without them."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload, SearchAttributes
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import MarkerRecordedEventAttributes
from temporalio.client import Client
from temporalio.worker import Replayer

from notifications.senders.mailbox import Mailbox
from storage.database import Database
from temporal.converter import converter_with
from tests.durability.acts import until_open
from tests.durability.pace import TOUR, quiet_engagement, settle
from tests.durability.sprint import Sprint
from tests.durability.waiting import until
from tests.histories import office_histories
from tests.workflows.office import Engaged, Office, open_office
from worker import build_workers, sandbox
from workflows.messages import Restate
from workflows.registry import WORKFLOWS

pytestmark = [pytest.mark.dev_server, pytest.mark.slow, pytest.mark.timeout(900)]


def payloads_in(message: Message) -> Iterator[Payload]:
    """Every payload of ours, however deep. The server has to read search attributes, and the SDK
    keeps numbers of its own with a local activity."""
    if isinstance(message, SearchAttributes):
        return
    if isinstance(message, MarkerRecordedEventAttributes):
        yield from payloads_in(message.details["result"])
        return
    if isinstance(message, Payload):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            held = [one for one in value.values() if isinstance(one, Message)]
        else:
            held = value if field.is_repeated else [value]
        for one in held:
            yield from payloads_in(one)


async def test_an_engagement_goes_on_while_its_keys_change_and_cannot_be_read(
    server: str, url: str
) -> None:
    old, new = ("old", os.urandom(32)), ("new", os.urandom(32))
    before = await Client.connect(server, data_converter=converter_with([old]))
    async with open_office(
        before, url, programme=TOUR, skipping=False, encrypted=True
    ) as first_office:
        engagement = await settle(first_office, 1)
        sprint = Sprint(Engaged(first_office, engagement.engagement_id), 1)
        await sprint.start(engagement)

    after = await Client.connect(server, data_converter=converter_with([new, old]))
    database = Database(url)
    office = Office(after, database, first_office.settings)
    sprint.engaged = Engaged(office, engagement.engagement_id)
    mailbox = Mailbox(database, lambda: datetime.now(UTC))
    deciding, delivering = build_workers(after, database, mailbox, office.settings)
    async with deciding, delivering:
        await sprint.run()
    assert await sprint.sent() == sprint.expected

    used: set[bytes] = set()
    replayer = Replayer(
        workflows=WORKFLOWS,
        workflow_runner=sandbox(),
        data_converter=after.data_converter,
        debug_mode=True,
    )
    async for history in office_histories(after, database):
        for event in history.events:
            for payload in payloads_in(event):
                assert payload.metadata["encoding"] == b"binary/encrypted", event
                used.add(payload.metadata["encryption-key-id"])
        assert (await replayer.replay_workflow(history)).replay_failure is None
    assert used == {b"old", b"new"}
    await database.dispose()


async def test_a_worker_without_the_keys_drops_nothing_that_is_encrypted(
    server: str, url: str
) -> None:
    """The SDK would drop a signal that it cannot read. The workflow waits for the keys instead."""
    without = await Client.connect(server, data_converter=converter_with(()))
    keyed = await Client.connect(server, data_converter=converter_with([("k", os.urandom(32))]))
    async with open_office(without, url, programme=TOUR, skipping=False, encrypted=True) as office:
        engaged = await office.start(quiet_engagement())
        await until_open(engaged, "onboarding")
        await keyed.get_workflow_handle(engaged.handle.id).signal("restate", Restate())

        async def is_refused() -> bool:
            failed = EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
            return failed in [e.event_type async for e in engaged.handle.fetch_history_events()]

        await until(is_refused, "the worker without keys refuses the signal")
    database = Database(url)
    mailbox = Mailbox(database, lambda: datetime.now(UTC))
    deciding, delivering = build_workers(keyed, database, mailbox, office.settings)
    late = Engaged(Office(keyed, database, office.settings), engaged.id)
    async with deciding, delivering:

        async def is_restated() -> bool:
            return "record.restated" in await late.facts()

        await until(is_restated, "a worker with the keys takes it")
    await database.dispose()
