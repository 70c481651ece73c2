"""What every item's process shares: stage, deadlines, sequence, and how it is recorded.

A process is a plain object that is built from the item's input alone. Callers give it the time, and
it answers with records. The workflow around it waits, records and delivers.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import ClassVar

from programmes.calendar import WorkingCalendar, first_window
from programmes.facts import MILEPOST, Fact, ItemState, Notice, Record
from programmes.planner import due_on
from programmes.rules import ItemKind
from workflows.ladder import Deadlines, OpenDeadline
from workflows.messages import (
    AgreedAction,
    CloseItem,
    ItemInput,
    ItemProgress,
    MoveDeadline,
    refusal,
)

CLOSED = "closed"

FURTHEST_MOVE = timedelta(days=366)
"""How far ahead a deadline can be moved. An item knows the days off of its own time only."""


class Decision:
    """Collects the facts and notices of one command, wake or opening, for one record.

    ``now`` is the instant of the decision. An email outside its recipient's sending window waits
    for the next window.
    """

    def __init__(self, now: datetime, calendar: WorkingCalendar) -> None:
        self.now = now
        self.facts: list[Fact] = []
        self.notices: list[Notice] = []
        self._calendar = calendar

    def fact(self, kind: str, by: str = MILEPOST, text: str | None = None, **data: str) -> None:
        """Put a fact on the timeline."""
        self.facts.append(Fact(kind, self.now, by, data, text or None))

    def tell(
        self,
        kind: str,
        *to: str,
        rung: str = "",
        task: str = "",
        revision: int = 0,
        text: str | None = None,
    ) -> None:
        """Tell these people one thing. ``rung`` tells notices of one kind in one decision apart."""
        window = first_window(self._calendar, to, self.now)
        self.notices.append(
            Notice(
                kind=kind,
                to=to,
                rung=rung,
                task=task,
                revision=revision,
                text=text or None,
                not_before=window if window > self.now else None,
            )
        )


@dataclass(frozen=True)
class Woken:
    """What a wake did."""

    record: Record
    only_reminds: bool
    """Whether it sends reminders and changes nothing: then writing and sending are one activity."""


class Process:
    """The state of one item and the decisions about it. Subclasses define one kind each.

    Each command has a read-only guard ``may_<command>``, which raises a refusal. The method of
    the command's name runs after the guard, changes the state and fills a ``Decision``.
    """

    kind: ClassVar[ItemKind]

    def __init__(self, item: ItemInput) -> None:
        self.item = item
        self.stage = ""
        self.sequence = 0
        self.assignee = ""
        self.due_at: datetime | None = item.due
        self.closed_at: datetime | None = None
        self.outcome = ""
        self.data: dict[str, str] = {}
        self.actions: dict[str, AgreedAction] = {}
        self.dates: tuple[datetime, ...] = ()
        self.deadlines = Deadlines(item.calendar, item.ladders, item.soon)
        if item.progress is not None:
            self._take_up(item.progress)

    # --- What subclasses say ---------------------------------------------------------------------

    def open(self, decision: Decision) -> None:
        """Open the item: its first stage, tasks, facts and notices."""
        raise NotImplementedError

    def ladder_ended(self, deadline: OpenDeadline, decision: Decision) -> None:
        """React to the end of a ladder that accepts or closes. By default the item closes."""
        decision.fact(f"{self.kind}.closed", outcome="no_answer", task=deadline.key)
        self.end("no_answer", decision)

    def moved(self, deadline: OpenDeadline) -> None:
        """Adjust what depends on a task's new due date."""

    def carried(self) -> tuple[AgreedAction, ...]:
        """The agreed actions to hand on when the item ends."""
        return ()

    # --- What all of them do ---------------------------------------------------------------------

    @property
    def id(self) -> str:
        """The id of the item."""
        return self.item.item_id

    @property
    def is_closed(self) -> bool:
        """Whether the item has ended."""
        return self.closed_at is not None

    def opening(self) -> Record:
        """The first record. The engagement writes it; the item computes it for its own state."""
        return self.decide(self.open, self.item.opened_at)

    def decide(self, command: Callable[[Decision], None], now: datetime) -> Record:
        """Carry out one command and number what came of it."""
        decision = Decision(now, self.item.calendar)
        command(decision)
        return self._record(decision)

    def wake(self, now: datetime) -> Woken | None:
        """Do what is due. Returns ``None`` if nothing is."""
        outcome = self.deadlines.wake(now)
        if not outcome.facts:
            return None
        decision = Decision(now, self.item.calendar)
        decision.facts += outcome.facts
        decision.notices += outcome.notices
        for deadline in outcome.ended:
            if not self.is_closed:
                self.ladder_ended(deadline, decision)
        # A rung changes neither the item nor its tasks, so the record has facts and notices alone.
        record = self._record(decision, changed=bool(outcome.ended))
        return Woken(record, only_reminds=outcome.only_reminds)

    def may_move_deadline(self, command: MoveDeadline, now: datetime) -> None:
        """An open task can be moved to today or a later day."""
        self.require_open()
        if command.task not in self.deadlines.open:
            open_tasks = ", ".join(sorted(self.deadlines.open)) or "none"
            raise refusal(f"There is no open task {command.task!r} here. Open tasks: {open_tasks}.")
        self.require_ahead(command.due, now)

    def move_deadline(self, command: MoveDeadline, decision: Decision) -> None:
        """Give a task a new date, tell its owner, and adjust what depends on it."""
        before = self.deadlines.open[command.task].due_at
        after = self.deadlines.move(command.task, command.due, decision.now)
        self.moved(after)
        decision.fact(
            "deadline.moved",
            command.by,
            command.reason,
            task=command.task,
            before=before.isoformat(),
            after=after.due_at.isoformat(),
            revision=str(after.revision),
        )
        decision.tell(
            "task.moved",
            after.stage.owner,
            rung=command.task,
            task=command.task,
            revision=after.revision,
            text=command.reason,
        )

    def close_item(self, command: CloseItem, decision: Decision) -> None:
        """Close the item at any stage, because the engagement ends."""
        decision.fact(f"{self.kind}.closed", command.by, command.reason, outcome=command.outcome)
        self.end(command.outcome, decision)

    def end(self, outcome: str, decision: Decision, at: datetime | None = None) -> None:
        """Close the item, by default now, with its tasks and ladders."""
        self.stage = CLOSED
        self.outcome = outcome
        self.closed_at = at or decision.now
        self.deadlines.close_all()

    def require_open(self) -> None:
        """Raise a refusal if the item has closed."""
        if self.is_closed:
            raise refusal("This is already closed, so it cannot be changed.")

    def require_ahead(self, day: date, now: datetime) -> None:
        """Raise a refusal for a due date that has passed or is too far ahead."""
        self.require_near(day, now)
        if day < self.item.calendar.local_date(now) or due_on(self.item.calendar, day) <= now:
            raise refusal(f"{day.isoformat()} is over. Choose a later day.")

    def require_near(self, day: date, now: datetime) -> None:
        """Raise a refusal for a day beyond the item's known days off."""
        if day > self.item.calendar.local_date(now) + FURTHEST_MOVE:
            raise refusal(f"{day.isoformat()} is more than a year away. Choose an earlier day.")

    def require_stage(self, *stages: str, to: str) -> None:
        """Raise a refusal unless the item is at one of these stages. ``to`` is a verb phrase."""
        self.require_open()
        if self.stage not in stages:
            wanted = " or ".join(repr(stage) for stage in stages)
            raise refusal(
                f"You cannot {to} now: the stage is {self.stage!r} and has to be {wanted}."
            )

    def state(self) -> ItemState:
        """The read model."""
        return ItemState(
            kind=self.kind,
            key=self.item.key,
            stage=self.stage,
            opened_at=self.item.opened_at,
            closed_at=self.closed_at,
            outcome=self.outcome,
            assignee=self.assignee,
            due_at=self.due_at,
            data=dict(self.data),
        )

    def progress(self, processed: tuple[str, ...]) -> ItemProgress:
        """The whole state, for continue-as-new."""
        return ItemProgress(
            stage=self.stage,
            sequence=self.sequence,
            assignee=self.assignee,
            due_at=self.due_at,
            data=dict(self.data),
            open=dict(self.deadlines.open),
            revisions=dict(self.deadlines.revisions),
            actions=tuple(self.actions.values()),
            dates=self.dates,
            processed=processed,
            closed_at=self.closed_at,
            outcome=self.outcome,
        )

    def restore(self, progress: ItemProgress) -> None:
        """Undo a decision that could not be recorded."""
        self._take_up(progress)

    def _take_up(self, progress: ItemProgress) -> None:
        self.stage = progress.stage
        self.sequence = progress.sequence
        self.assignee = progress.assignee
        self.due_at = progress.due_at
        self.data = dict(progress.data)
        self.actions = {action.id: action for action in progress.actions}
        self.dates = progress.dates
        self.closed_at = progress.closed_at
        self.outcome = progress.outcome
        self.deadlines.open = dict(progress.open)
        self.deadlines.revisions = dict(progress.revisions)

    def _record(self, decision: Decision, *, changed: bool = True) -> Record:
        self.sequence += 1
        return Record(
            engagement_id=self.item.engagement_id,
            item_id=self.item.item_id,
            sequence=self.sequence,
            facts=tuple(decision.facts),
            item=self.state() if changed else None,
            tasks=self.deadlines.tasks() if changed else None,
            notices=tuple(self._numbered(notice) for notice in decision.notices),
        )

    def _numbered(self, notice: Notice) -> Notice:
        # The record's number tells a repeated notice, such as a second return, from the first.
        return notice if notice.rung else replace(notice, rung=f"#{self.sequence}")
