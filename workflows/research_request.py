"""A research request, as a workflow: from triage to feedback, with every exit."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.messages import (
        AcceptDelivery,
        AcceptRequest,
        AgreeScope,
        Answer,
        AnswerQuestion,
        AskMember,
        AssignRequest,
        DeclineRequest,
        DeliverRequest,
        GiveFeedback,
        ItemInput,
        ReturnDelivery,
        WithdrawRequest,
    )
    from workflows.processes.research_request import ResearchRequestProcess

from workflows.item import ItemWorkflow


@workflow.defn
class ResearchRequest(ItemWorkflow[ResearchRequestProcess]):
    """The commands of ``ResearchRequestProcess``; what they mean is decided there."""

    @workflow.init
    def __init__(self, item: ItemInput) -> None:
        super().__init__(ResearchRequestProcess(item))

    @workflow.run
    async def run(self, item: ItemInput) -> str:
        """Run until it has closed; returns its outcome."""
        return await self.run_to_end()

    @workflow.update
    async def accept_request(self, command: AcceptRequest) -> Answer:
        """The office takes it on."""
        return await self.decide(
            command, self.process.may_accept_request, self.process.accept_request
        )

    @accept_request.validator
    def check_accept_request(self, command: AcceptRequest) -> None:
        """Refuse it where it cannot be."""
        self.admit(command, self.process.may_accept_request)

    @workflow.update
    async def decline_request(self, command: DeclineRequest) -> Answer:
        """The office does not take it on."""
        return await self.decide(
            command, self.process.may_decline_request, self.process.decline_request
        )

    @decline_request.validator
    def check_decline_request(self, command: DeclineRequest) -> None:
        """Refuse it where it cannot be."""
        self.admit(command, self.process.may_decline_request)

    @workflow.update
    async def ask_member(self, command: AskMember) -> Answer:
        """The office needs to know more."""
        return await self.decide(command, self.process.may_ask_member, self.process.ask_member)

    @ask_member.validator
    def check_ask_member(self, command: AskMember) -> None:
        """Refuse it where it cannot be."""
        self.admit(command, self.process.may_ask_member)

    @workflow.update
    async def answer_question(self, command: AnswerQuestion) -> Answer:
        """The member answers."""
        return await self.decide(
            command, self.process.may_answer_question, self.process.answer_question
        )

    @answer_question.validator
    def check_answer_question(self, command: AnswerQuestion) -> None:
        """Refuse it where it cannot be."""
        self.admit(command, self.process.may_answer_question)

    @workflow.update
    async def agree_scope(self, command: AgreeScope) -> Answer:
        """Question, format and date are agreed."""
        return await self.decide(command, self.process.may_agree_scope, self.process.agree_scope)

    @agree_scope.validator
    def check_agree_scope(self, command: AgreeScope) -> None:
        """Refuse it where it cannot be."""
        self.admit(command, self.process.may_agree_scope)

    @workflow.update
    async def assign_request(self, command: AssignRequest) -> Answer:
        """A researcher takes it up."""
        return await self.decide(
            command, self.process.may_assign_request, self.process.assign_request
        )

    @assign_request.validator
    def check_assign_request(self, command: AssignRequest) -> None:
        """Refuse it where it cannot be."""
        self.admit(command, self.process.may_assign_request)

    @workflow.update
    async def deliver_request(self, command: DeliverRequest) -> Answer:
        """The work is done."""
        return await self.decide(
            command, self.process.may_deliver_request, self.process.deliver_request
        )

    @deliver_request.validator
    def check_deliver_request(self, command: DeliverRequest) -> None:
        """Refuse it where it cannot be."""
        self.admit(command, self.process.may_deliver_request)

    @workflow.update
    async def accept_delivery(self, command: AcceptDelivery) -> Answer:
        """The member is content."""
        return await self.decide(
            command, self.process.may_accept_delivery, self.process.accept_delivery
        )

    @accept_delivery.validator
    def check_accept_delivery(self, command: AcceptDelivery) -> None:
        """Refuse it where it cannot be."""
        self.admit(command, self.process.may_accept_delivery)

    @workflow.update
    async def return_delivery(self, command: ReturnDelivery) -> Answer:
        """The member wants something changed."""
        return await self.decide(
            command, self.process.may_return_delivery, self.process.return_delivery
        )

    @return_delivery.validator
    def check_return_delivery(self, command: ReturnDelivery) -> None:
        """Refuse it where it cannot be."""
        self.admit(command, self.process.may_return_delivery)

    @workflow.update
    async def give_feedback(self, command: GiveFeedback) -> Answer:
        """The member says how it was."""
        return await self.decide(
            command, self.process.may_give_feedback, self.process.give_feedback
        )

    @give_feedback.validator
    def check_give_feedback(self, command: GiveFeedback) -> None:
        """Refuse it where it cannot be."""
        self.admit(command, self.process.may_give_feedback)

    @workflow.update
    async def withdraw_request(self, command: WithdrawRequest) -> Answer:
        """The member does not need it any more."""
        return await self.decide(
            command, self.process.may_withdraw_request, self.process.withdraw_request
        )

    @withdraw_request.validator
    def check_withdraw_request(self, command: WithdrawRequest) -> None:
        """Refuse it where it cannot be."""
        self.admit(command, self.process.may_withdraw_request)
