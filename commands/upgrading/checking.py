"""Replays what runs now with the installed code, as its workers would."""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from temporalio.client import Client, WorkflowHistory

from commands.upgrading.running import Running, histories
from temporal.replaying import Difference, Replayed, replay
from worker import sandbox
from workflows.registry import WORKFLOWS

_EVENT = re.compile(r"HistoryEvent\(id: (\d+), (\w+)\)")


@dataclass(frozen=True)
class Failure:
    """A running workflow that this version would not continue as before."""

    of: Running
    reason: str
    """Temporal's words, where the workflow would stand still."""
    differences: Sequence[Difference]

    @property
    def stands_still(self) -> bool:
        """Whether it cannot continue at all. Otherwise it continues, and decides otherwise."""
        return bool(self.reason)

    @property
    def event(self) -> str:
        """The event of its history at which it stands still, where Temporal names one."""
        named = _EVENT.search(self.reason)
        return f"{named[1]} ({named[2]})" if named else ""


@dataclass(frozen=True)
class Checked:
    """How many were replayed, and which of them failed."""

    replayed: int
    failures: Sequence[Failure]


async def check(client: Client, chosen: Sequence[Running]) -> Checked:
    """Replay these workflows. Raises ``RPCError`` where Temporal does not answer."""
    fetched: list[Running] = []

    async def exported() -> AsyncIterator[WorkflowHistory]:
        async for one, history in histories(client, chosen):
            fetched.append(one)
            yield history

    count = 0
    failures = []
    results = replay(
        exported(),
        workflows=WORKFLOWS,
        runner=sandbox(),
        data_converter=client.data_converter,
    )
    async for result in results:
        failure = _judge(fetched[count], result)
        count += 1
        if failure is not None:
            failures.append(failure)
    return Checked(count, failures)


def _judge(of: Running, result: Replayed) -> Failure | None:
    # A value that the history lacks is new in this version: its old runs do without it.
    changed = [one for one in result.differences() if not one.path or one.was is not None]
    return Failure(of, result.failure, changed) if result.failure or changed else None
