"""A review milestone, as a workflow: evidence, submitted, signed off or returned."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.messages import (
        AddEvidence,
        Answer,
        ItemInput,
        ReturnReview,
        SignOffReview,
        SubmitReview,
    )
    from workflows.processes.review_milestone import ReviewMilestoneProcess

from workflows.item import ItemWorkflow


@workflow.defn
class ReviewMilestone(ItemWorkflow[ReviewMilestoneProcess]):
    """The commands of ``ReviewMilestoneProcess``; what they mean is decided there."""

    @workflow.init
    def __init__(self, item: ItemInput) -> None:
        super().__init__(ReviewMilestoneProcess(item))

    @workflow.run
    async def run(self, item: ItemInput) -> str:
        """Run until it has closed; returns its outcome."""
        return await self.run_to_end()

    @workflow.update
    async def add_evidence(self, command: AddEvidence) -> Answer:
        """Something on the checklist is there."""
        return await self.decide(command, self.process.may_add_evidence, self.process.add_evidence)

    @add_evidence.validator
    def check_add_evidence(self, command: AddEvidence) -> None:
        """Refuse it where it cannot be."""
        self.admit(command, self.process.may_add_evidence)

    @workflow.update
    async def submit_review(self, command: SubmitReview) -> Answer:
        """The member submits it."""
        return await self.decide(
            command, self.process.may_submit_review, self.process.submit_review
        )

    @submit_review.validator
    def check_submit_review(self, command: SubmitReview) -> None:
        """Refuse it where it cannot be."""
        self.admit(command, self.process.may_submit_review)

    @workflow.update
    async def sign_off_review(self, command: SignOffReview) -> Answer:
        """The office signs it off."""
        return await self.decide(
            command, self.process.may_sign_off_review, self.process.sign_off_review
        )

    @sign_off_review.validator
    def check_sign_off_review(self, command: SignOffReview) -> None:
        """Refuse it where it cannot be."""
        self.admit(command, self.process.may_sign_off_review)

    @workflow.update
    async def return_review(self, command: ReturnReview) -> Answer:
        """The office wants something changed."""
        return await self.decide(
            command, self.process.may_return_review, self.process.return_review
        )

    @return_review.validator
    def check_return_review(self, command: ReturnReview) -> None:
        """Refuse it where it cannot be."""
        self.admit(command, self.process.may_return_review)
