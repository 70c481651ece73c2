"""Whatever runs today goes on with the code of tomorrow: recorded histories are replayed."""

import json
import re
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.api.enums.v1 import EventType

from tests.histories import EMAIL_ADDRESS, personal_data_in
from tests.replay.gate import ROOT, judged, longest
from tests.replay.kept import FINGERPRINTS, fingerprint, histories_in, patches_in, read, shapes
from tests.replay.noted import ENDING
from tests.replay.recording import play_on_skipping_time
from workflows.registry import WORKFLOWS

RECORDED = [path for shape in shapes() for path in histories_in(shape)]

NOTED = [path for shape in shapes() for path in sorted(shape.glob(f"*{ENDING}"))]

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

WORKFLOW_SOURCES = ROOT / "workflows"

PATCHED = re.compile(r"\bpatched\(\s*\"([^\"]+)\"")
"""The name of a change that old runs do not make."""

DECISIONS_HAVE_CHANGED = (
    "Running engagements have decided what is recorded here. If the change is meant, note what "
    "they decide now: python -m tools.note_decisions. Then review each line of the difference. "
    "Where a replay failed, running engagements would stand still. See docs/decisions/0005."
)

SHAPE_HAS_CHANGED = (
    "The workflows ask for other things than those that run today. If that is meant, and running "
    "engagements can follow (they are replayed by the other tests here), record the new shape: "
    "python -m tools.record_histories v<next>. See docs/decisions/0005."
)


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


async def test_every_recorded_history_is_replayed_with_the_decisions_that_it_took() -> None:
    failed = [str(one) for one in await judged(longest()) if not one.passed]
    assert not failed, "\n".join([*failed, DECISIONS_HAVE_CHANGED])


def test_every_change_behind_a_patch_is_in_the_shape_that_was_recorded_last() -> None:
    named = {
        name
        for path in sorted(WORKFLOW_SOURCES.rglob("*.py"))
        for name in PATCHED.findall(path.read_text())
    }
    recorded = {name for path in histories_in(shapes()[-1]) for name in patches_in(read(path))}
    assert named <= recorded, SHAPE_HAS_CHANGED


@pytest.mark.time_skipping
@pytest.mark.slow
async def test_the_workflows_ask_for_what_was_recorded_last_in_the_same_order(
    tmp_path: Path, nightly: bool
) -> None:
    if not nightly:
        pytest.skip("replay sees the same, cheaper: this proves that the stories can be recorded")
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


@pytest.mark.parametrize("path", NOTED, ids=name_of)
def test_no_noted_decision_holds_personal_data(path: Path) -> None:
    text = path.read_text()
    assert [one for one in PEOPLE if one in text] == []
    assert EMAIL_ADDRESS.findall(text) == []


def test_no_decisions_are_noted_for_a_history_that_is_gone() -> None:
    assert {one.stem for one in NOTED} <= {one.stem for one in longest()}


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
