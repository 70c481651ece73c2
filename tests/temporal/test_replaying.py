"""Replays that compare every decision: of each kind, also where payloads are encrypted."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio import activity, workflow
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowHistory
from temporalio.common import SearchAttributeKey
from temporalio.converter import PayloadCodec
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from temporal.converter import DATA_CONVERTER
from temporal.replaying import Replayed, replay
from tests.replay.kept import patches_in
from tests.servers import dev_server

pytestmark = pytest.mark.dev_server

COLOUR = SearchAttributeKey.for_keyword("Colour")

SHORT = timedelta(seconds=20)


class Backwards(PayloadCodec):
    """Stands for encryption: nothing can be read without it."""

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [
            Payload(metadata={"encoding": b"backwards"}, data=one.SerializeToString()[::-1])
            for one in payloads
        ]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [
            Payload.FromString(one.data[::-1])
            if one.metadata.get("encoding") == b"backwards"
            else one
            for one in payloads
        ]


@dataclass(frozen=True)
class Words:
    """One message."""

    text: str
    more: str | None = None


class Said:
    """What the workflow says in each of its decisions. Tests change it before a replay."""

    words = "first"
    seconds = 0.05
    extra = False


@activity.defn
async def hear(words: Words) -> str:
    return words.text


@workflow.defn(sandboxed=False)
class Child:
    def __init__(self) -> None:
        self._heard = False

    @workflow.run
    async def run(self, words: Words) -> None:
        await workflow.wait_condition(lambda: self._heard)

    @workflow.signal
    async def listen(self, words: Words) -> None:
        self._heard = True


@workflow.defn(sandboxed=False)
class Everything:
    """Decides once of each kind."""

    def __init__(self) -> None:
        self._asked = False

    @workflow.update
    async def ask(self, words: Words) -> Words:
        self._asked = True
        return Words(Said.words)

    @workflow.run
    async def run(self, again: Words) -> Words:
        said = Words(Said.words)
        if again.text != "again":
            await self._decide(said)
        return said

    async def _decide(self, said: Words) -> None:
        workflow.patched("everything")
        workflow.upsert_search_attributes([COLOUR.value_set(Said.words)])
        workflow.upsert_memo({"said": Said.words})
        await workflow.execute_local_activity(hear, said, start_to_close_timeout=SHORT)
        await workflow.execute_activity(
            hear,
            said,
            start_to_close_timeout=SHORT,
            task_queue=workflow.info().task_queue + "-other",
        )
        await workflow.sleep(Said.seconds)
        child = await workflow.start_child_workflow(Child.run, said, id=f"child-{workflow.uuid4()}")
        other = workflow.get_external_workflow_handle(child.id)
        await other.signal(Child.listen, said)
        await child
        await workflow.wait_condition(lambda: self._asked and workflow.all_handlers_finished())
        if Said.extra:
            await workflow.sleep(SHORT)
        workflow.continue_as_new(Words("again", more=Said.words))


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with dev_server({COLOUR.name: "Keyword"}) as address:
        yield address


@pytest.fixture(params=["plain", "encrypted"])
async def client(server: str, request: pytest.FixtureRequest) -> Client:
    codec = Backwards() if request.param == "encrypted" else None
    converter = replace(DATA_CONVERTER, payload_codec=codec)
    return await Client.connect(server, data_converter=converter)


@pytest.fixture
async def runs(client: Client) -> list[WorkflowHistory]:
    """The histories of both runs of a workflow that decides everything."""
    queue = f"replaying-{uuid4()}"
    async with (
        Worker(
            client,
            task_queue=queue,
            workflows=[Everything, Child],
            activities=[hear],
            workflow_runner=UnsandboxedWorkflowRunner(),
        ),
        Worker(client, task_queue=f"{queue}-other", activities=[hear]),
    ):
        first = await client.start_workflow(
            Everything.run, Words("begin"), id=queue, task_queue=queue
        )
        assert await first.execute_update(Everything.ask, Words("?")) == Words("first")
        assert await asyncio.wait_for(first.result(), 60) == Words("first")
        first = client.get_workflow_handle(queue, run_id=first.first_execution_run_id)
        second = client.get_workflow_handle(queue)
        return [await first.fetch_history(), await second.fetch_history()]


async def replays(client: Client, histories: Sequence[WorkflowHistory]) -> list[Replayed]:
    async def given() -> AsyncIterator[WorkflowHistory]:
        for one in histories:
            yield one

    results = replay(
        given(),
        workflows=[Everything, Child],
        runner=UnsandboxedWorkflowRunner(),
        data_converter=client.data_converter,
    )
    return [one async for one in results]


async def test_the_same_code_decides_the_same(client: Client, runs: list[WorkflowHistory]) -> None:
    first, second = await replays(client, runs)
    assert (first.failure, second.failure) == ("", "")
    assert first.differences() == second.differences() == []
    assert {one.kind for one in first.recorded} == {
        *("search attributes", "memo", "local activity", "activity", "timer", "child", "signal"),
        *("answer", "continue as new"),
    }
    assert [one.kind for one in second.recorded] == ["result"]


async def test_every_changed_value_is_named(
    client: Client, runs: list[WorkflowHistory], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Said, "words", "second")
    monkeypatch.setattr(Said, "seconds", 2)
    first, second = await replays(client, runs)
    assert (first.failure, second.failure) == ("", "")
    # The answer's place depends on when the update arrives.
    assert {
        (one.decision.kind, one.decision.name, one.path, one.was, one.now)
        for one in first.differences()
    } == {
        ("search attributes", "", "Colour", '"first"', '"second"'),
        ("memo", "", "said", '"first"', '"second"'),
        ("answer", "", "text", '"first"', '"second"'),
        ("activity", "hear", "text", '"first"', '"second"'),
        ("timer", "", "wait", "0.050s", "2s"),
        ("child", "Child", "text", '"first"', '"second"'),
        ("signal", "listen", "text", '"first"', '"second"'),
        ("continue as new", "Everything", "more", '"first"', '"second"'),
    }
    [result] = second.differences()
    assert str(result) == 'result (event 5): text was "first" and is now "second"'


async def test_a_local_activity_is_compared_with_what_is_known_of_it(
    client: Client, runs: list[WorkflowHistory]
) -> None:
    [first] = await replays(client, runs[:1])
    [local] = [one for one in first.recorded if one.kind == "local activity"]
    assert local.values is None
    [different] = first.differences({local.place: {"text": '"other"'}})
    assert different.decision == local
    assert (different.path, different.was, different.now) == ("text", '"other"', '"first"')


async def test_code_that_does_not_fit_is_a_failure(
    client: Client, runs: list[WorkflowHistory], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Said, "extra", True)
    first, second = await replays(client, runs)
    assert "Nondeterminism" in first.failure
    assert second.failure == ""


async def test_a_command_after_the_last_event_is_named(
    client: Client, runs: list[WorkflowHistory], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = runs[0]
    ends = next(
        number
        for number, event in enumerate(whole.events)
        if event.HasField("workflow_execution_continued_as_new_event_attributes")
    )
    open_one = WorkflowHistory(whole.workflow_id, whole.events[:ends])
    monkeypatch.setattr(Said, "extra", True)
    [first] = await replays(client, [open_one])
    assert first.failure == ""
    [new] = first.differences()
    assert str(new) == "timer #2 is new: the history ends without it"


async def test_a_patch_leaves_the_mark_that_the_gate_looks_for(
    runs: list[WorkflowHistory],
) -> None:
    assert patches_in(runs[0]) == {"everything"}
