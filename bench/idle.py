"""What an onboarded member who does nothing costs: actions month by month, and why.

A month counts thirty days from the end of the onboarding. Three things can happen in it without
anybody acting: the plan opens an item, a ladder says something, or nothing at all.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from temporalio.client import WorkflowHistory

from bench.counting import cost_of

MONTH = timedelta(days=30)
MONTHS = 12


@dataclass(frozen=True)
class Month:
    """One month: how many items opened, how many reminders left, what it all cost."""

    openings: int
    reminders: int
    actions: int

    @property
    def is_quiet(self) -> bool:
        """Whether no item opened and no reminder left."""
        return self.openings == 0 and self.reminders == 0


def months(histories: Iterable[WorkflowHistory], since: datetime) -> list[Month]:
    """Twelve months of one engagement, from all of its histories."""
    spans = [(since + MONTH * n, since + MONTH * (n + 1)) for n in range(MONTHS)]
    kept = list(histories)
    return [_month(kept, first, last) for first, last in spans]


def _month(histories: list[WorkflowHistory], first: datetime, last: datetime) -> Month:
    openings = reminders = actions = 0
    for history in histories:
        within = [
            event
            for event in history.events
            if first <= event.event_time.ToDatetime(tzinfo=UTC) < last
        ]
        actions += cost_of(within).actions
        for event in within:
            if event.HasField("start_child_workflow_execution_initiated_event_attributes"):
                openings += 1
            elif event.HasField("activity_task_scheduled_event_attributes"):
                scheduled = event.activity_task_scheduled_event_attributes
                reminders += scheduled.activity_type.name == "remind"
    return Month(openings, reminders, actions)
