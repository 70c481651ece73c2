"""How a long-lived workflow takes a command: refuse it, or decide and record the decision."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any, Generic, NoReturn, Protocol, TypeVar

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from programmes.facts import Record
from workflows.ids import command_name
from workflows.journal import Journal
from workflows.messages import Answer, Restate
from workflows.policies import PROCESSED_UPDATES_KEPT
from workflows.processes.process import Decision

UNDER_THE_NEXT_NUMBER = Restate()
"""What a signal without an argument means: earlier versions of Milepost sent none."""


class TakenUpdates:
    """The ids of the latest updates. A repeated update gets the same answer and changes nothing.

    The server forgets the ids at continue-as-new, so each run hands them to the next.
    """

    def __init__(self, ids: tuple[str, ...]) -> None:
        self.ids = ids

    def has_current(self) -> bool:
        """Whether the current update was taken before."""
        info = workflow.current_update_info()
        return info is not None and info.id in self.ids

    def add_current(self) -> None:
        """Note the current update as taken."""
        info = workflow.current_update_info()
        if info is not None:
            self.ids = (*self.ids, info.id)[-PROCESSED_UPDATES_KEPT:]


class Deciding(Protocol):
    """A process: pure state, which turns decisions into numbered records."""

    @property
    def id(self) -> str:
        """The id of the engagement or item."""

    @property
    def stage(self) -> str:
        """The current stage."""

    sequence: int
    """The number of its latest record."""

    def decide(self, command: Callable[[Decision], None], now: datetime) -> Record:
        """Carry out one command and number what came of it."""

    def progress(self, processed: tuple[str, ...]) -> Any:
        """All of the state."""

    def restore(self, progress: Any) -> None:
        """Undo a decision that could not be recorded."""


P = TypeVar("P", bound=Deciding)
W = TypeVar("W", bound="type[DecidingWorkflow[Any]]")


class DecidingWorkflow(Generic[P]):
    """Takes commands in turn for one process. Subclasses add ``run`` and the commands."""

    def __init__(self, process: P, taken: tuple[str, ...]) -> None:
        self.process = process
        self._taken = TakenUpdates(taken)
        self._journal = Journal()
        # One decision at a time, so that no command sees half of another one.
        self._lock = asyncio.Lock()
        self._asked_to_begin_anew = False

    # --- Messages ---------------------------------------------------------------------------------

    @workflow.signal
    def begin_anew(self) -> None:
        """Restart on the current code once the work in progress finishes."""
        self._asked_to_begin_anew = True

    @workflow.signal
    async def restate(self, restate: Restate = UNDER_THE_NEXT_NUMBER) -> None:
        """Record the whole state again, in case the read model differs."""
        async with self._lock:
            self.process.sequence = max(self.process.sequence, restate.above)
            await self._note(lambda decision: decision.fact("record.restated"))

    # --- For subclasses ---------------------------------------------------------------------------

    def admit(self, command: object) -> None:
        """Validate an update: raise the refusal of its guard. A repeated update passes.

        While another decision is under way, the state is not the one that this command will meet.
        It passes then too, and ``decide`` asks the guard again. After a reset all commands come at
        once, and each needs what the one before it did.
        """
        if not self._taken.has_current() and not self._lock.locked():
            self._guard(command)(command, workflow.now())

    async def decide(self, command: object) -> Answer:
        """Carry out a command. Answers once the decision is recorded."""
        async with self._lock:
            if not self._taken.has_current():
                # The state may have moved since the validator looked: another command had the lock.
                self._guard(command)(command, workflow.now())
                before = self.process.progress(())
                carry_out = getattr(self.process, command_name(type(command)))
                record = self.process.decide(
                    lambda decision: carry_out(command, decision), workflow.now()
                )
                await self._write_or_restore(record, before)
                self._taken.add_current()
            return self._answer()

    def _guard(self, command: object) -> Callable[[object, datetime], None]:
        guard: Callable[[object, datetime], None]
        guard = getattr(self.process, f"may_{command_name(type(command))}")
        return guard

    async def _write_or_restore(self, record: Record, before: Any) -> None:
        """Write the record of a waiting caller. Undo the decision if the database rejects it."""
        try:
            await self._journal.write(record)
        except ApplicationError:
            self.process.restore(before)
            raise
        self._show_stage()

    async def _note(self, decision: Callable[[Decision], None]) -> None:
        """Decide and record without a waiting caller."""
        await self._journal.write_or_note(self.process.decide(decision, workflow.now()))
        self._show_stage()

    def _show_stage(self) -> None:
        workflow.set_current_details(f"Stage: {self.process.stage}")

    def _answer(self) -> Answer:
        return Answer(self.process.id, self.process.stage, self.process.sequence)

    def _can_begin_anew(self) -> bool:
        """Whether to restart now: it was asked for, and no work is in progress."""
        wanted = self._asked_to_begin_anew or workflow.info().is_continue_as_new_suggested()
        return wanted and self._is_settled()

    def _begin_anew(self, carried_on: object) -> NoReturn:
        """Continue as new, on the build that is current by then."""
        workflow.continue_as_new(
            carried_on,
            initial_versioning_behavior=workflow.ContinueAsNewVersioningBehavior.AUTO_UPGRADE,
        )

    def _is_settled(self) -> bool:
        return workflow.all_handlers_finished() and self._journal.is_idle


def takes(*commands: type) -> Callable[[W], W]:
    """Give a workflow an update with a validator for each of these commands.

    The process must have a guard ``may_<name>`` and a method ``<name>`` for each. Place this
    decorator below ``@workflow.defn``, which collects the updates.
    """

    def add(cls: W) -> W:
        for command in commands:
            setattr(cls, command_name(command), _update(command))
        return cls

    return add


def _update(message: type) -> object:
    async def handle(self: DecidingWorkflow[Any], command: object) -> Answer:
        return await self.decide(command)

    def check(self: DecidingWorkflow[Any], command: object) -> None:
        self.admit(command)

    # Temporal reads the argument's type here. It would count an annotated ``self`` as one, too.
    handle.__annotations__ = {"command": message, "return": Answer}
    check.__annotations__ = {"command": message, "return": None}
    update = workflow.update(name=command_name(message))(handle)
    update.validator(check)
    return update
