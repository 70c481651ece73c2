"""What a workflow's history costs: events, bytes, and actions as Temporal Cloud bills them."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHistory

LOCAL_ACTIVITY_MARKER = "core_local_activity"


@dataclass
class Cost:
    """Events, serialised bytes and billable actions; ``by_kind`` splits the actions."""

    events: int = 0
    size: int = 0
    workflows: int = 0
    by_kind: dict[str, int] = field(default_factory=dict)

    @property
    def actions(self) -> int:
        """All billable actions."""
        return sum(self.by_kind.values())

    def add(self, other: "Cost") -> None:
        """Add another history's cost."""
        self.events += other.events
        self.size += other.size
        self.workflows += other.workflows
        for kind, count in other.by_kind.items():
            self.by_kind[kind] = self.by_kind.get(kind, 0) + count


_ACTIONS: dict[EventType.ValueType, tuple[str, int]] = {
    # A child is two actions, counted where its parent asks for it.
    EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED: ("child", 2),
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW: ("continue-as-new", 1),
    EventType.EVENT_TYPE_TIMER_STARTED: ("timer", 1),
    # A signal is counted where it arrives, so that one between workflows is not counted twice.
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED: ("signal", 1),
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED: ("update", 1),
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: ("search attributes", 1),
}


def cost_of(events: Iterable[HistoryEvent]) -> Cost:
    """The cost of one history. A local activity costs one action a workflow task, however many."""
    cost = Cost(workflows=1)
    tasks_with_local_activities: set[int] = set()
    counted: dict[str, int] = {}

    def count(kind: str, actions: int = 1) -> None:
        counted[kind] = counted.get(kind, 0) + actions

    for event in events:
        cost.events += 1
        cost.size += event.ByteSize()
        if event.event_type in _ACTIONS:
            count(*_ACTIONS[event.event_type])
        elif event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
            started = event.workflow_execution_started_event_attributes
            if not started.parent_workflow_execution.workflow_id:
                count("start")
        elif event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
            count("activity", event.activity_task_started_event_attributes.attempt)
        elif event.event_type == EventType.EVENT_TYPE_MARKER_RECORDED:
            marker = event.marker_recorded_event_attributes
            if marker.marker_name == LOCAL_ACTIVITY_MARKER:
                tasks_with_local_activities.add(marker.workflow_task_completed_event_id)
    if tasks_with_local_activities:
        count("local activities", len(tasks_with_local_activities))
    cost.by_kind = counted
    return cost


async def histories(client: Client, workflow_ids: Iterable[str]) -> AsyncIterator[WorkflowHistory]:
    """The history of the latest run of each workflow."""
    for workflow_id in workflow_ids:
        yield await client.get_workflow_handle(workflow_id).fetch_history()
