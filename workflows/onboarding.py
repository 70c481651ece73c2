"""An onboarding, as a workflow: its steps are completed or waived."""

from temporalio import workflow

from workflows.deciding import takes
from workflows.item import ItemWorkflow
from workflows.messages import (
    CompleteStep,
    ItemInput,
    WaiveStep,
)
from workflows.processes.onboarding import OnboardingProcess


@workflow.defn
@takes(
    CompleteStep,
    WaiveStep,
)
class Onboarding(ItemWorkflow[OnboardingProcess]):
    """Takes the commands; ``OnboardingProcess`` decides what they do."""

    @workflow.init
    def __init__(self, item: ItemInput) -> None:
        super().__init__(OnboardingProcess(item))

    @workflow.run
    async def run(self, item: ItemInput) -> str:
        """Run until the onboarding closes. Returns its outcome."""
        return await self.run_to_end()
