"""An advice cycle, as a workflow: dates, session, notes and agreed actions."""

from temporalio import workflow

from workflows.deciding import takes
from workflows.item import ItemWorkflow
from workflows.messages import (
    CloseCycle,
    CompleteAction,
    ConfirmDate,
    HoldSession,
    ItemInput,
    MissSession,
    ProposeDates,
    RecordNotes,
    SendAgenda,
)
from workflows.processes.advice_cycle import AdviceCycleProcess


@workflow.defn
@takes(
    ProposeDates,
    ConfirmDate,
    SendAgenda,
    HoldSession,
    MissSession,
    RecordNotes,
    CompleteAction,
    CloseCycle,
)
class AdviceCycle(ItemWorkflow[AdviceCycleProcess]):
    """Takes the commands; ``AdviceCycleProcess`` decides what they do."""

    @workflow.init
    def __init__(self, item: ItemInput) -> None:
        super().__init__(AdviceCycleProcess(item))

    @workflow.run
    async def run(self, item: ItemInput) -> str:
        """Run until the cycle closes. Returns its outcome."""
        return await self.run_to_end()
