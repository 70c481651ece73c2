"""What a workflow decided, with all values: read from its history, and from its commands.

A replay compares commands by their types. Two decisions of one type are told apart here: which
activity, child, signal, timer or answer it is, and every value that it carries.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.bridge.proto.workflow_commands.workflow_commands_pb2 import WorkflowCommand
from temporalio.client import WorkflowHistory
from temporalio.converter import PayloadCodec

Kind = Literal[
    "activity",
    "local activity",
    "timer",
    "child",
    "signal",
    "answer",
    "search attributes",
    "memo",
    "continue as new",
    "result",
    "failure",
]

Values = Mapping[str, str]
"""Each value that is not null, as JSON, by its path, such as ``tasks.0.due_at``."""

LOCAL_ACTIVITY = "core_local_activity"
"""The name of the marker that a local activity leaves in a history."""

CHANGES = "TemporalChangeVersion"


@dataclass(frozen=True)
class Decision:
    """One decision, by its kind and its number or id among those of its kind."""

    kind: Kind
    key: str
    name: str = ""
    """Of the activity, the workflow or the signal."""
    values: Values | None = None
    """None where a history has none: it leaves the arguments of local activities out."""
    event: int = 0
    """The number of the event in the history; 0 for a decision that was not read from one."""

    @property
    def place(self) -> tuple[Kind, str]:
        """What tells it from every other decision of its workflow."""
        return self.kind, self.key

    def __str__(self) -> str:
        number = f"#{self.key}" if self.key else ""
        return " ".join(part for part in (self.kind, self.name, number) if part)


# --- From a history -------------------------------------------------------------------------------


async def recorded(history: WorkflowHistory, codec: PayloadCodec | None = None) -> list[Decision]:
    """The decisions that a history holds, in its order."""
    events = [HistoryEvent.FromString(event.SerializeToString()) for event in history.events]
    if codec is not None:
        payloads = [one for event in events for one in _payloads_in(event)]
        # Payload by payload: a codec may join those that it gets together.
        for payload in payloads:
            payload.CopyFrom((await codec.decode([payload]))[0])
    numbers = _Numbers()
    queue = events[0].workflow_execution_started_event_attributes.task_queue.name
    return [one for event in events if (one := _recorded(event, queue, numbers)) is not None]


def _recorded(event: HistoryEvent, own_queue: str, numbers: "_Numbers") -> Decision | None:
    number = event.event_id
    match EventType.Name(event.event_type).removeprefix("EVENT_TYPE_"):
        case "ACTIVITY_TASK_SCHEDULED":
            activity = event.activity_task_scheduled_event_attributes
            return _activity(
                activity.activity_id,
                activity.activity_type.name,
                _seen_from(own_queue, activity.task_queue.name),
                activity.input.payloads,
                number,
            )
        case "MARKER_RECORDED":
            return _local_activity(event)
        case "TIMER_STARTED":
            timer = event.timer_started_event_attributes
            return _timer(timer.timer_id, timer.start_to_fire_timeout, number)
        case "START_CHILD_WORKFLOW_EXECUTION_INITIATED":
            child = event.start_child_workflow_execution_initiated_event_attributes
            attributes = child.search_attributes.indexed_fields
            values = _child(child.input.payloads, child.parent_close_policy, attributes)
            key = numbers.of("child", child.workflow_id)
            return Decision("child", key, child.workflow_type.name, values, number)
        case "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED":
            signal = event.signal_external_workflow_execution_initiated_event_attributes
            target = signal.workflow_execution.workflow_id
            values = _signal(target, signal.input.payloads)
            return Decision("signal", numbers.of("signal"), signal.signal_name, values, number)
        case "WORKFLOW_EXECUTION_UPDATE_COMPLETED":
            update = event.workflow_execution_update_completed_event_attributes
            outcome = update.outcome
            failed = outcome.HasField("failure")
            values = _failure(outcome.failure) if failed else _values(outcome.success.payloads)
            return Decision("answer", update.meta.update_id, "", values, number)
        case "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES":
            upsert = event.upsert_workflow_search_attributes_event_attributes
            attributes = upsert.search_attributes.indexed_fields
            # The SDK lists the changes behind ``patched`` itself.
            if set(attributes) == {CHANGES}:
                return None
            return _upsert(attributes, numbers, number)
        case "WORKFLOW_PROPERTIES_MODIFIED":
            memo = event.workflow_properties_modified_event_attributes.upserted_memo
            return _memo(memo.fields, numbers, number)
        case "WORKFLOW_EXECUTION_CONTINUED_AS_NEW":
            anew = event.workflow_execution_continued_as_new_event_attributes
            values = _values(anew.input.payloads)
            return Decision("continue as new", "", anew.workflow_type.name, values, number)
        case "WORKFLOW_EXECUTION_COMPLETED":
            result = event.workflow_execution_completed_event_attributes.result
            return Decision("result", "", "", _values(result.payloads), number)
        case "WORKFLOW_EXECUTION_FAILED":
            failure = event.workflow_execution_failed_event_attributes.failure
            return Decision("failure", "", "", _failure(failure), number)
    return None


def _local_activity(event: HistoryEvent) -> Decision | None:
    marker = event.marker_recorded_event_attributes
    if marker.marker_name != LOCAL_ACTIVITY:
        return None
    about = json.loads(marker.details["data"].payloads[0].data)
    key, name = str(about["seq"]), about["activity_type"]
    return Decision("local activity", key, name, None, event.event_id)


# --- From commands --------------------------------------------------------------------------------


class Asked:
    """The decisions of one run of a workflow, collected from its commands as it is replayed."""

    def __init__(self, workflow_type: str = "", own_queue: str = "") -> None:
        self._type = workflow_type
        self._queue = own_queue
        self.decisions: dict[tuple[Kind, str], Decision] = {}
        self.cancelled: set[tuple[Kind, str]] = set()
        """Timers. The server sees none that is started and cancelled in one task."""
        self._numbers = _Numbers()

    def take(self, commands: Iterable[WorkflowCommand]) -> None:
        """Collect the commands of one activation."""
        for command in commands:
            if command.HasField("cancel_timer"):
                self.cancelled.add(("timer", str(command.cancel_timer.seq)))
            elif (decision := self._read(command)) is not None:
                self.decisions[decision.place] = decision

    def _read(self, command: WorkflowCommand) -> Decision | None:
        numbers = self._numbers
        match command.WhichOneof("variant"):
            case "schedule_activity":
                activity = command.schedule_activity
                return _activity(
                    activity.activity_id,
                    activity.activity_type,
                    _seen_from(self._queue, activity.task_queue),
                    activity.arguments,
                )
            case "schedule_local_activity":
                local = command.schedule_local_activity
                key, values = str(local.seq), _values(local.arguments)
                return Decision("local activity", key, local.activity_type, values)
            case "start_timer":
                timer = command.start_timer
                return _timer(str(timer.seq), timer.start_to_fire_timeout)
            case "start_child_workflow_execution":
                child = command.start_child_workflow_execution
                attributes = child.search_attributes.indexed_fields
                values = _child(child.input, child.parent_close_policy, attributes)
                return Decision(
                    "child", numbers.of("child", child.workflow_id), child.workflow_type, values
                )
            case "signal_external_workflow_execution":
                signal = command.signal_external_workflow_execution
                target = signal.child_workflow_id or signal.workflow_execution.workflow_id
                values = _signal(target, signal.args)
                return Decision("signal", numbers.of("signal"), signal.signal_name, values)
            case "update_response":
                return _answer(command)
            case "upsert_workflow_search_attributes":
                upsert = command.upsert_workflow_search_attributes
                return _upsert(upsert.search_attributes.indexed_fields, numbers)
            case "modify_workflow_properties":
                return _memo(command.modify_workflow_properties.upserted_memo.fields, numbers)
            case "continue_as_new_workflow_execution":
                anew = command.continue_as_new_workflow_execution
                # It says no type where that stays the same.
                name = anew.workflow_type or self._type
                return Decision("continue as new", "", name, _values(anew.arguments))
            case "complete_workflow_execution":
                result = command.complete_workflow_execution.result
                return Decision("result", "", "", _values([result]))
            case "fail_workflow_execution":
                return Decision(
                    "failure", "", "", _failure(command.fail_workflow_execution.failure)
                )
        return None


def _answer(command: WorkflowCommand) -> Decision | None:
    update = command.update_response
    match update.WhichOneof("response"):
        case "completed":
            return Decision("answer", update.protocol_instance_id, "", _values([update.completed]))
        case "rejected":
            # Of an update that was accepted: a replay asks no validator.
            return Decision("answer", update.protocol_instance_id, "", _failure(update.rejected))
    return None


# --- What both have in common ---------------------------------------------------------------------


class _Numbers:
    """Numbers what carries no number of its own."""

    def __init__(self) -> None:
        self._counted: Counter[tuple[str, str]] = Counter()

    def of(self, kind: Kind, id: str = "") -> str:
        self._counted[kind, id] += 1
        number = self._counted[kind, id]
        if not id:
            return str(number)
        return id if number == 1 else f"{id}~{number}"


def _activity(
    id: str, name: str, queue: str, arguments: Sequence[Payload], event: int = 0
) -> Decision:
    return Decision("activity", id, name, {**_values(arguments), "queue": json.dumps(queue)}, event)


def _seen_from(own: str, queue: str) -> str:
    """A queue without the name of the office's own, which a replay does not know."""
    return queue.removeprefix(own)


def _timer(key: str, wait: Duration, event: int = 0) -> Decision:
    return Decision("timer", key, "", {"wait": wait.ToJsonString()}, event)


def _child(
    arguments: Sequence[Payload], close_policy: int, attributes: Mapping[str, Payload]
) -> Values:
    searched = {f"search attribute {name}": _read(one) for name, one in sorted(attributes.items())}
    return {**_values(arguments), **flat(searched), "parent close policy": str(close_policy)}


def _signal(target: str, arguments: Sequence[Payload]) -> Values:
    return {**_values(arguments), "to": json.dumps(target)}


def _upsert(attributes: Mapping[str, Payload], numbers: _Numbers, event: int = 0) -> Decision:
    values = flat({name: _read(one) for name, one in sorted(attributes.items())})
    return Decision("search attributes", numbers.of("search attributes"), "", values, event)


def _memo(fields: Mapping[str, Payload], numbers: _Numbers, event: int = 0) -> Decision:
    values = flat({name: _read(one) for name, one in sorted(fields.items())})
    return Decision("memo", numbers.of("memo"), "", values, event)


def _failure(failure: Failure) -> Values:
    return flat({"message": failure.message, "type": failure.application_failure_info.type})


def _values(arguments: Sequence[Payload]) -> Values:
    """Messages have one argument, whose fields stand for themselves."""
    read = [_read(one) for one in arguments]
    return flat(read[0] if len(read) == 1 else read)


def _read(payload: Payload) -> object:
    match payload.metadata.get("encoding", b""):
        case b"json/plain":
            return json.loads(payload.data)
        case b"binary/null" | b"":
            return None
        case _:
            return {"sha256": sha256(payload.data).hexdigest()}


def flat(value: object, path: str = "") -> dict[str, str]:
    """Every value by its path. Null is left out, so a new optional field changes nothing."""
    below = f"{path}." if path else ""
    match value:
        case None:
            return {}
        case dict() if value or not path:
            inner = [flat(one, f"{below}{key}") for key, one in value.items()]
        case list() if value:
            inner = [flat(one, f"{below}{number}") for number, one in enumerate(value)]
        case _:
            return {path or "value": json.dumps(value, ensure_ascii=False)}
    return {key: one for part in inner for key, one in part.items()}


def _payloads_in(message: Message) -> Iterator[Payload]:
    if isinstance(message, Payload):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            if field.message_type.fields_by_name["value"].message_type is not None:
                for one in value.values():
                    yield from _payloads_in(one)
        elif field.is_repeated:
            for one in value:
                yield from _payloads_in(one)
        else:
            yield from _payloads_in(value)
