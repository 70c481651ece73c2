"""The gate of releases: every recorded history is replayed, and decides what it decided."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from temporalio.client import WorkflowHistory
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from temporal.converter import DATA_CONVERTER
from temporal.replaying import Difference, Replayed, replay
from tests.replay.kept import histories_in, read, shapes
from tests.replay.noted import ENDING, Noted, read_noted
from workflows.registry import WORKFLOWS

ROOT = Path(__file__).parent.parent.parent

WATCHFUL = SandboxedWorkflowRunner(
    restrictions=SandboxRestrictions.default.with_passthrough_modules(
        *("programmes", "activities.inputs", "pydantic", "pydantic_core"),
        *("workflows.processes", "workflows.ladder", "workflows.messages", "workflows.ids"),
    )
)
"""Imports the workflows anew and watches what they call. The worker's sandbox shares them."""

MOST_NAMED = 8
"""Differences of one history that a failure names. One mistake often causes hundreds."""


@dataclass(frozen=True)
class Judged:
    """One recorded history under the code of today."""

    path: Path
    replayed: Replayed
    noted: Noted
    differences: Sequence[Difference]

    @property
    def passed(self) -> bool:
        """Whether the workflow continues, and has decided the same."""
        return not self.replayed.failure and not self.differences

    def __str__(self) -> str:
        name = self.path.relative_to(ROOT)
        found = [f"{name}: {self.replayed.failure or 'it decides otherwise now'}"]
        found += [f"  {one}{self._where(one)}" for one in self.differences[:MOST_NAMED]]
        if (more := len(self.differences) - MOST_NAMED) > 0:
            found.append(f"  and {more} more values")
        return "\n".join(found)

    def _where(self, difference: Difference) -> str:
        line = self.noted.line_of(difference)
        return f"\n    {self.path.stem}{ENDING}:{line}" if line else ""


def longest() -> list[Path]:
    """The recorded histories without those that another one of the same run continues."""
    runs: dict[tuple[Path, str], Path] = {}
    for path in (one for shape in shapes() for one in histories_in(shape)):
        history = read(path)
        key = path.parent, history.run_id
        if key not in runs or len(history.events) > len(read(runs[key]).events):
            runs[key] = path
    return sorted(runs.values())


async def replayed(paths: Iterable[Path]) -> AsyncIterator[tuple[Path, Replayed]]:
    """The replays of these files in a watchful sandbox."""
    paths = list(paths)

    async def histories() -> AsyncIterator[WorkflowHistory]:
        for path in paths:
            yield read(path)

    results = replay(
        histories(),
        workflows=WORKFLOWS,
        runner=WATCHFUL,
        data_converter=DATA_CONVERTER,
    )
    left = iter(paths)
    async for result in results:
        yield next(left), result


async def judged(paths: Iterable[Path]) -> list[Judged]:
    """These files, each compared with what it says and with what is noted."""
    found = []
    async for path, result in replayed(paths):
        noted = read_noted(path)
        differences = result.differences(noted.expected(list(result.recorded)))
        found.append(Judged(path, result, noted, differences))
    return found
