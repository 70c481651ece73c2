"""An onboarding, as a workflow: its steps are completed or waived."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.messages import (
        Answer,
        CompleteStep,
        ItemInput,
        WaiveStep,
    )
    from workflows.processes.onboarding import OnboardingProcess

from workflows.item import ItemWorkflow


@workflow.defn
class Onboarding(ItemWorkflow[OnboardingProcess]):
    """The commands of ``OnboardingProcess``; what they mean is decided there."""

    @workflow.init
    def __init__(self, item: ItemInput) -> None:
        super().__init__(OnboardingProcess(item))

    @workflow.run
    async def run(self, item: ItemInput) -> str:
        """Run until it has closed; returns its outcome."""
        return await self.run_to_end()

    @workflow.update
    async def complete_step(self, command: CompleteStep) -> Answer:
        """A step is done."""
        return await self.decide(
            command, self.process.may_complete_step, self.process.complete_step
        )

    @complete_step.validator
    def check_complete_step(self, command: CompleteStep) -> None:
        """Refuse it where it cannot be."""
        self.admit(command, self.process.may_complete_step)

    @workflow.update
    async def waive_step(self, command: WaiveStep) -> Answer:
        """A step is not needed."""
        return await self.decide(command, self.process.may_waive_step, self.process.waive_step)

    @waive_step.validator
    def check_waive_step(self, command: WaiveStep) -> None:
        """Refuse it where it cannot be."""
        self.admit(command, self.process.may_waive_step)
