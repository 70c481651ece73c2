"""A research request, as a workflow: from triage to feedback, with every exit."""

from temporalio import workflow

from workflows.deciding import takes
from workflows.item import ItemWorkflow
from workflows.messages import (
    AcceptDelivery,
    AcceptRequest,
    AgreeScope,
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


@workflow.defn
@takes(
    AcceptRequest,
    DeclineRequest,
    AskMember,
    AnswerQuestion,
    AgreeScope,
    AssignRequest,
    DeliverRequest,
    AcceptDelivery,
    ReturnDelivery,
    GiveFeedback,
    WithdrawRequest,
)
class ResearchRequest(ItemWorkflow[ResearchRequestProcess]):
    """Takes the commands; ``ResearchRequestProcess`` decides what they do."""

    @workflow.init
    def __init__(self, item: ItemInput) -> None:
        super().__init__(ResearchRequestProcess(item))

    @workflow.run
    async def run(self, item: ItemInput) -> str:
        """Run until the request closes. Returns its outcome."""
        return await self.run_to_end()
