"""Replays histories against the code that is installed, and compares every decision."""

import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.client import WorkflowHistory
from temporalio.converter import DataConverter
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.worker import (
    Replayer,
    UnsandboxedWorkflowRunner,
    WorkflowInstance,
    WorkflowInstanceDetails,
    WorkflowRunner,
)
from temporalio.workflow import Info

from temporal.decisions import Asked, Decision, Kind, Values, recorded

TASKS = (
    EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT,
)

_MESSAGE = re.compile(r'message: "((?:[^"\\]|\\.)*)"')
"""Where the SDK quotes the error within the text of a larger one."""


@dataclass(frozen=True)
class Difference:
    """A value that the installed code decides otherwise."""

    decision: Decision
    path: str = ""
    """Of the value; empty where the whole decision is new, or gone."""
    was: str | None = None
    now: str | None = None
    asked: bool = True
    """Whether the code asks for the decision at all."""

    def __str__(self) -> str:
        event = f" (event {self.decision.event})" if self.decision.event else ""
        if not self.asked:
            return f"{self.decision}{event} is gone"
        if not self.path:
            return f"{self.decision} is new: the history ends without it"
        was, now = (one if one is not None else "nothing" for one in (self.was, self.now))
        return f"{self.decision}{event}: {self.path} was {was} and is now {now}"


@dataclass(frozen=True)
class Replayed:
    """What came of one replay."""

    history: WorkflowHistory
    failure: str = ""
    """Why the workflow cannot continue: Temporal's own words."""
    recorded: Sequence[Decision] = ()
    asked: Asked = field(default_factory=Asked)

    def differences(
        self, known: Mapping[tuple[Kind, str], Values] | None = None
    ) -> list[Difference]:
        """What the code decides otherwise than the history says, in its order.

        ``known`` has the values of decisions whose values the history lacks, and takes the place of
        the history's where it has both. Decisions without any values are not compared.
        """
        found: list[Difference] = []
        known = known or {}
        for one in self.recorded:
            asked = self.asked.decisions.get(one.place)
            was = known.get(one.place, one.values)
            if asked is None:
                # A replay that failed has not come so far, and says so itself.
                found += [] if self.failure else [Difference(one, asked=False)]
                continue
            if asked.name != one.name:
                found.append(Difference(one, "name", json.dumps(one.name), json.dumps(asked.name)))
            if was is not None and was != asked.values:
                found += _different(one, was, asked.values or {})
        return found + [Difference(one) for one in self._beyond()]

    def _beyond(self) -> list[Decision]:
        """What the code asks for after the last event, in a task that is over."""
        tasks = [one.event_type for one in self.history.events if one.event_type in TASKS]
        if self.failure or tasks[-1:] != [EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED]:
            return []
        there = {one.place for one in self.recorded} | self.asked.cancelled
        return [one for place, one in self.asked.decisions.items() if place not in there]


def _different(decision: Decision, was: Values, now: Values) -> list[Difference]:
    paths = [path for path in dict.fromkeys((*was, *now)) if was.get(path) != now.get(path)]
    return [Difference(decision, path, was.get(path), now.get(path)) for path in paths]


async def replay(
    histories: AsyncIterator[WorkflowHistory],
    *,
    workflows: Sequence[type],
    runner: WorkflowRunner,
    data_converter: DataConverter,
) -> AsyncIterator[Replayed]:
    """Replay one history after the other, in the runner of the workers."""
    asked: dict[str, Asked] = {}
    replayer = Replayer(
        workflows=workflows,
        workflow_runner=_Watching(runner, asked),
        unsandboxed_workflow_runner=_Watching(UnsandboxedWorkflowRunner(), asked),
        data_converter=data_converter,
        # Off goes the SDK's search for deadlocks, which takes a busy machine's pause of two seconds
        # for one. The runner stays as it is.
        debug_mode=True,
        runtime=_quiet(),
    )
    async with replayer.workflow_replay_iterator(histories) as results:
        async for result in results:
            yield Replayed(
                result.history,
                _reason(result.replay_failure),
                await recorded(result.history, data_converter.payload_codec),
                asked.pop(result.history.run_id, Asked()),
            )


def _reason(failure: Exception | None) -> str:
    """What went wrong, without the SDK's internals around it."""
    told = str(failure or "")
    quoted = _MESSAGE.search(told)
    return quoted[1].replace('\\"', '"') if quoted else told


@cache
def _quiet() -> Runtime:
    """A runtime that logs nothing. The SDK's would log each failed replay to standard output."""
    return Runtime(telemetry=TelemetryConfig(logging=None))


class _Watching(WorkflowRunner):
    """A runner that notes the commands of the workflows that another one runs.

    Interceptors see no timer. Here each command passes, with its values before they are encrypted.
    """

    def __init__(self, runner: WorkflowRunner, asked: dict[str, Asked]) -> None:
        self._runner = runner
        self._asked = asked

    def prepare_workflow(self, defn: Any) -> None:
        self._runner.prepare_workflow(defn)

    def set_worker_level_failure_exception_types(
        self, types: Sequence[type[BaseException]]
    ) -> None:
        self._runner.set_worker_level_failure_exception_types(types)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        info = det.info
        asked = self._asked[info.run_id] = Asked(info.workflow_type, info.task_queue)
        return _Watched(self._runner.create_instance(det), asked)


class _Watched(WorkflowInstance):
    def __init__(self, instance: WorkflowInstance, asked: Asked) -> None:
        self._instance = instance
        self._asked = asked

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        completion = self._instance.activate(act)
        self._asked.take(completion.successful.commands)
        return completion

    def get_serialization_context(self, command_info: Any) -> Any:
        return self._instance.get_serialization_context(command_info)

    def get_external_store_context(self, command_info: Any) -> Any:
        return self._instance.get_external_store_context(command_info)

    def get_info(self) -> Info:
        return self._instance.get_info()

    def get_thread_id(self) -> int | None:
        return self._instance.get_thread_id()
