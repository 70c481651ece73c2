"""A review milestone, as a workflow: evidence, submitted, signed off or returned."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.messages import (
        AddEvidence,
        ItemInput,
        ReturnReview,
        SignOffReview,
        SubmitReview,
    )
    from workflows.processes.review_milestone import ReviewMilestoneProcess

from workflows.deciding import takes
from workflows.item import ItemWorkflow


@workflow.defn
@takes(
    AddEvidence,
    SubmitReview,
    SignOffReview,
    ReturnReview,
)
class ReviewMilestone(ItemWorkflow[ReviewMilestoneProcess]):
    """Takes the commands; ``ReviewMilestoneProcess`` decides what they do."""

    @workflow.init
    def __init__(self, item: ItemInput) -> None:
        super().__init__(ReviewMilestoneProcess(item))

    @workflow.run
    async def run(self, item: ItemInput) -> str:
        """Run until the review closes. Returns its outcome."""
        return await self.run_to_end()
