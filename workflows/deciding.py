"""What every long-lived workflow does with a command: refuse it, or decide and put it on record."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows.policies import PROCESSED_UPDATES_KEPT

with workflow.unsafe.imports_passed_through():
    from programmes.facts import Record
    from workflows.messages import Answer, command_name
    from workflows.processes.process import Decision

from workflows.journal import Journal


class TakenUpdates:
    """The ids of the latest updates; a repeated one is answered again and changes nothing.

    The server forgets them at continue-as-new, so they are carried along.
    """

    def __init__(self, ids: tuple[str, ...]) -> None:
        self.ids = ids

    def has_current(self) -> bool:
        """Whether the update at hand was taken before."""
        info = workflow.current_update_info()
        return info is not None and info.id in self.ids

    def add_current(self) -> None:
        """Note the update at hand as taken."""
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
        """Where it stands."""

    @property
    def sequence(self) -> int:
        """The number of its latest record."""

    def decide(self, command: Callable[[Decision], None], now: datetime) -> Record:
        """Carry out one command and number what came of it."""

    def progress(self, processed: tuple[str, ...]) -> Any:
        """All of the state."""

    def restore(self, progress: Any) -> None:
        """Take back a decision that could not be written down."""


P = TypeVar("P", bound=Deciding)
W = TypeVar("W", bound="type[DecidingWorkflow[Any]]")


class DecidingWorkflow(Generic[P]):
    """Takes commands in turn for one process. Subclasses add ``run`` and the commands."""

    def __init__(self, process: P, taken: tuple[str, ...]) -> None:
        self.process = process
        self._taken = TakenUpdates(taken)
        self._journal = Journal()
        # One decision at a time: a command that awaits its record must not see half of another.
        self._lock = asyncio.Lock()
        self._asked_to_begin_anew = False

    # --- Messages ---------------------------------------------------------------------------------

    @workflow.signal
    def begin_anew(self) -> None:
        """Continue as new, and so on the code of today, as soon as nothing is half done."""
        self._asked_to_begin_anew = True

    @workflow.signal
    async def restate(self) -> None:
        """Write all of the state down once more: the reading copy may be older than this."""
        async with self._lock:
            await self._note(lambda decision: decision.fact("record.restated"))

    # --- For subclasses ---------------------------------------------------------------------------

    def admit(self, command: object) -> None:
        """Validate an update: raise its guard's refusal. An update taken before passes."""
        if not self._taken.has_current():
            self._guard(command)(command, workflow.now())

    async def decide(self, command: object) -> Answer:
        """Carry out a command, and answer when it is on record."""
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
        """Write down what a caller waits for; where that is refused for good, it is taken back."""
        try:
            await self._journal.write(record)
        except ApplicationError:
            self.process.restore(before)
            raise
        self._show_stage()

    async def _note(self, decision: Callable[[Decision], None]) -> None:
        """Decide and write what no caller waits for."""
        await self._journal.write_or_note(self.process.decide(decision, workflow.now()))
        self._show_stage()

    def _show_stage(self) -> None:
        workflow.set_current_details(f"Stage: {self.process.stage}")

    def _answer(self) -> Answer:
        return Answer(self.process.id, self.process.stage, self.process.sequence)

    def _can_begin_anew(self) -> bool:
        """Only where nothing is half done; until then, what falls due goes on as ever."""
        wanted = self._asked_to_begin_anew or workflow.info().is_continue_as_new_suggested()
        return wanted and self._is_settled()

    def _is_settled(self) -> bool:
        return workflow.all_handlers_finished() and self._journal.is_idle


def takes(*commands: type) -> Callable[[W], W]:
    """Give a workflow an update, with its validator, for each of these commands.

    The process has a guard ``may_<name>`` and a method ``<name>`` for each. Use it below
    ``@workflow.defn``, which collects the updates.
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

    # Temporal reads here of which type the argument is; an annotated ``self`` would be one, too.
    handle.__annotations__ = {"command": message, "return": Answer}
    check.__annotations__ = {"command": message, "return": None}
    update = workflow.update(name=command_name(message))(handle)
    update.validator(check)
    return update
