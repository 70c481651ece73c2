"""Histories as files: written by ``tools/record_histories.py``, read by the tests of replay."""

import json
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import groupby
from pathlib import Path

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

from activities.inputs import DELIVERY_QUEUE_SUFFIX
from temporal.decisions import LOCAL_ACTIVITY

HISTORIES = Path(__file__).with_name("histories")
"""One folder a released shape of the workflows: ``v1``, ``v2`` and so on. No history is ever
changed. The decisions noted beside it are, when they change on purpose."""

FINGERPRINTS = "fingerprints.json"

PATCH, PATCH_DATA = "core_patch", "patch-data"
"""The marker that ``workflow.patched`` leaves, and where its name is."""


def shapes() -> list[Path]:
    """The folders of all recorded shapes, oldest first."""
    return sorted(HISTORIES.iterdir(), key=lambda folder: int(folder.name.removeprefix("v")))


def write(history: WorkflowHistory, path: Path) -> None:
    """Keep a history, without the host that recorded it."""
    kept = {"workflowId": history.workflow_id, **_without_identity(json.loads(history.to_json()))}
    path.write_text(json.dumps(kept, separators=(",", ":")) + "\n")


def histories_in(shape: Path) -> list[Path]:
    """The files of all histories of a shape."""
    return sorted(path for path in shape.glob("*.json") if path.name != FINGERPRINTS)


@cache
def read(path: Path) -> WorkflowHistory:
    """A history that was kept."""
    kept = json.loads(path.read_text())
    return WorkflowHistory.from_json(kept.pop("workflowId"), kept)


def _without_identity(value: object) -> dict[str, object]:
    def clean(one: object) -> object:
        if isinstance(one, dict):
            if one.get("kind") == "TASK_QUEUE_KIND_STICKY":
                one = one | {"name": "sticky"}
            return {key: clean(inner) for key, inner in one.items() if key != "identity"}
        return [clean(inner) for inner in one] if isinstance(one, list) else one

    cleaned = clean(value)
    assert isinstance(cleaned, dict)
    return cleaned


def patches_in(history: WorkflowHistory) -> set[str]:
    """The names of the changes that a run made because it began after them."""
    return {
        json.loads(marker.details[PATCH_DATA].payloads[0].data)["id"]
        for event in history.events
        if (marker := event.marker_recorded_event_attributes).marker_name == PATCH
    }


def fingerprint(history: WorkflowHistory) -> list[str]:
    """The sequence of commands that a workflow gave, and the updates between them, in words.

    It tells more than a replay, which only sees what contradicts a history. Here a reviewer sees
    each change of what a workflow asks for.
    """
    commands = list(_commands(history.events))
    counted = ((name, len(list(group))) for name, group in groupby(commands))
    return [name if count == 1 else f"{name} (x{count})" for name, count in counted]


def _commands(events: Iterable[HistoryEvent]) -> Iterator[str]:
    for event in events:
        name = EventType.Name(event.event_type).removeprefix("EVENT_TYPE_")
        match name:
            case "WORKFLOW_EXECUTION_UPDATE_ACCEPTED":
                accepted = event.workflow_execution_update_accepted_event_attributes
                yield f"> {accepted.accepted_request.input.name}"
            case "ACTIVITY_TASK_SCHEDULED":
                scheduled = event.activity_task_scheduled_event_attributes
                suffix = DELIVERY_QUEUE_SUFFIX
                queue = suffix if scheduled.task_queue.name.endswith(suffix) else ""
                yield f"activity {scheduled.activity_type.name} {queue}".rstrip()
            case "MARKER_RECORDED":
                marker = event.marker_recorded_event_attributes
                yield _marker(marker.marker_name, marker.details["data"].payloads[0].data)
            case "START_CHILD_WORKFLOW_EXECUTION_INITIATED":
                child = event.start_child_workflow_execution_initiated_event_attributes
                yield f"child {child.workflow_type.name}"
            case "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED":
                signal = event.signal_external_workflow_execution_initiated_event_attributes
                yield f"signal {signal.signal_name}"
            case "TIMER_STARTED":
                yield "timer"
            case "TIMER_CANCELED":
                yield "timer cancelled"
            case "WORKFLOW_EXECUTION_COMPLETED" | "WORKFLOW_EXECUTION_CONTINUED_AS_NEW":
                yield name.removeprefix("WORKFLOW_EXECUTION_").lower().replace("_", " ")
            case "WORKFLOW_EXECUTION_FAILED" | "WORKFLOW_EXECUTION_CANCELED":
                yield name.removeprefix("WORKFLOW_EXECUTION_").lower()


def _marker(name: str, data: bytes) -> str:
    if name == LOCAL_ACTIVITY:
        return f"local activity {json.loads(data)['activity_type']}"
    return f"marker {name}"
