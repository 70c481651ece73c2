"""A review milestone, as a workflow: evidence, submitted, signed off or returned."""

from temporalio import workflow

from workflows.deciding import takes
from workflows.item import ItemWorkflow
from workflows.messages import (
    AddEvidence,
    ItemInput,
    ReturnReview,
    ReviewMoved,
    SignOffReview,
    SubmitReview,
)
from workflows.processes.review_milestone import ReviewMilestoneProcess


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
        self._told_due = self.process.due_at

    @workflow.run
    async def run(self, item: ItemInput) -> str:
        """Run until the review closes. Returns its outcome."""
        return await self.run_to_end()

    async def after_move(self) -> None:
        """Tell the engagement, whose later reviews follow this one."""
        process = self.process
        if process.due_at in (self._told_due, None):
            return
        self._told_due = process.due_at
        day = process.item.calendar.local_date(process.due_at)
        moved = ReviewMoved(process.item.key, day, process.sequence)
        await self.signal_engagement("review_moved", moved)
