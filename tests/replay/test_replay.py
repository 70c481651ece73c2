"""Whatever runs today goes on with the code of tomorrow: recorded histories are replayed."""

import json
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.api.enums.v1 import EventType
from temporalio.worker import Replayer
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from temporal.converter import DATA_CONVERTER
from tests.histories import personal_data_in
from tests.replay.kept import FINGERPRINTS, fingerprint, read, shapes
from tests.replay.recording import play_on_skipping_time
from workflows.registry import WORKFLOWS

RECORDED = [
    path for shape in shapes() for path in sorted(shape.glob("*.json")) if path.name != FINGERPRINTS
]

PEOPLE = (
    "Person ",
    "Contact ",
    "Sample council",
    "council.example",
    "office.example",
    "Some words",
)
"""What the names, addresses and texts of the stories have in common."""

LASTING = {"Engagement", "Onboarding", "ResearchRequest", "AdviceCycle", "ReviewMilestone"}
"""The workflows that go on for months, and so outlive upgrades. Others end within days."""

MOST_KILOBYTES = 2048

WATCHFUL = SandboxedWorkflowRunner(
    restrictions=SandboxRestrictions.default.with_passthrough_modules(
        *("programmes", "activities.inputs", "pydantic", "pydantic_core"),
        *("workflows.processes", "workflows.ladder", "workflows.messages", "workflows.ids"),
    )
)
"""Imports the workflows anew and watches what they call. The worker's sandbox shares them."""

SHAPE_HAS_CHANGED = (
    "The workflows ask for other things than those that run today. If that is meant, and running "
    "engagements can follow (they are replayed by the other tests here), record the new shape: "
    "python -m tools.record_histories v<next>. See docs/decisions/0005."
)


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize("path", RECORDED, ids=name_of)
async def test_every_recorded_history_is_replayed(path: Path) -> None:
    replayer = Replayer(
        workflows=WORKFLOWS,
        workflow_runner=WATCHFUL,
        data_converter=DATA_CONVERTER,
        # Off goes the SDK's search for deadlocks, which takes a busy machine's pause of two seconds
        # for one. The sandbox stays.
        debug_mode=True,
    )
    result = await replayer.replay_workflow(read(path))
    assert result.replay_failure is None


@pytest.mark.time_skipping
@pytest.mark.slow
async def test_the_workflows_ask_for_what_was_recorded_last_in_the_same_order(
    tmp_path: Path,
) -> None:
    recorded = json.loads((shapes()[-1] / FINGERPRINTS).read_text())
    played = {
        name: fingerprint(history)
        for name, history in (await play_on_skipping_time(tmp_path)).items()
    }
    assert sorted(played) == sorted(recorded)
    for name, commands in played.items():
        assert commands == recorded[name], f"{name}: {SHAPE_HAS_CHANGED}"


@pytest.mark.parametrize("path", RECORDED, ids=name_of)
def test_no_recorded_history_holds_personal_data(path: Path) -> None:
    assert personal_data_in(read(path).events, PEOPLE) == []


def test_the_last_shape_has_every_lasting_workflow_open_and_closed_and_every_command() -> None:
    open_ones: set[str] = set()
    closed_ones: set[str] = set()
    commands, signals = {""}, {""}
    for path in RECORDED:
        if path.parent != shapes()[-1]:
            continue
        history = read(path)
        started = history.events[0].workflow_execution_started_event_attributes
        last = EventType.Name(history.events[-1].event_type)
        ended = last.removeprefix("EVENT_TYPE_WORKFLOW_EXECUTION_")
        closed = ended in ("COMPLETED", "CANCELED", "CONTINUED_AS_NEW")
        (closed_ones if closed else open_ones).add(started.workflow_type.name)
        for event in history.events:
            accepted = event.workflow_execution_update_accepted_event_attributes
            commands.add(accepted.accepted_request.input.name)
            signals.add(event.workflow_execution_signaled_event_attributes.signal_name)
    definitions = [workflow._Definition.must_from_class(one) for one in WORKFLOWS]
    assert open_ones >= LASTING
    assert closed_ones >= LASTING
    assert commands == {"", *(name for one in definitions for name in one.updates)}
    assert signals == {"", *(name for one in definitions for name in one.signals)}


def test_the_recorded_histories_are_small() -> None:
    size = sum(path.stat().st_size for shape in shapes() for path in shape.iterdir())
    assert size < MOST_KILOBYTES * 1024
