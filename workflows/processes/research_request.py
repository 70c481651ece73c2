"""A research request: triage, scope, assign, draft, acceptance, feedback, with every exit."""

from datetime import datetime

from programmes.facts import is_of_member
from programmes.planner import due_on
from programmes.rules import ResearchRules, StageRule
from workflows.ladder import OpenDeadline
from workflows.messages import (
    AcceptDelivery,
    AcceptRequest,
    AgreeScope,
    AnswerQuestion,
    AskMember,
    AssignRequest,
    CloseItem,
    DeclineRequest,
    DeliverRequest,
    GiveFeedback,
    ItemInput,
    ReturnDelivery,
    WithdrawRequest,
    refusal,
)
from workflows.processes.process import Decision, Process

FAMILY = "research"

TRIAGE, ANSWER, SCOPE, ASSIGN = "triage", "answer", "scope", "assign"
DRAFT, ACCEPTANCE, FEEDBACK = "draft", "acceptance", "feedback"

REQUESTER = "requester"
ASKED = ("lead", REQUESTER)
"""The member's people who get emails about a request: the lead, and the contact who asked."""

BEST_SCORE = 5


class ResearchRequestProcess(Process):
    """One stage at a time, each with one task of the same name.

    ``data``: text ids by name (``request``, ``question``, ``answer``, ``scope``, ``delivery``,
    ``comments``, ``feedback``), and ``theme``, ``format``, ``score``, ``returns``, ``requester``.
    The contact who asked gets the emails beside the lead.
    """

    kind = "research"

    def __init__(self, item: ItemInput) -> None:
        super().__init__(item)
        if item.research is None:
            raise ValueError("a research request needs the research rules of its programme")
        self.rules: ResearchRules = item.research

    def open(self, decision: Decision) -> None:
        self.data = {"request": self.item.text, "theme": self.item.theme}
        if is_of_member(self.item.by):
            self.data["requester"] = self.item.by
        decision.fact("research.submitted", self.item.by, self.item.text)
        decision.tell("research.received", *ASKED)
        decision.tell("research.new", "manager", task=TRIAGE, revision=1)
        self._enter(TRIAGE, self.rules.triage, decision)

    # --- Triage ----------------------------------------------------------------------------------

    def may_accept_request(self, command: AcceptRequest, now: datetime) -> None:
        """A request in triage can be accepted."""
        self.require_stage(TRIAGE, to="accept the request")

    def accept_request(self, command: AcceptRequest, decision: Decision) -> None:
        """Accept the request. Agreeing the scope comes next."""
        decision.fact("research.accepted", command.by)
        decision.tell("research.accepted", *ASKED)
        self._enter(SCOPE, self.rules.scope, decision)

    def may_decline_request(self, command: DeclineRequest, now: datetime) -> None:
        """A request in triage can be declined."""
        self.require_stage(TRIAGE, to="decline the request")

    def decline_request(self, command: DeclineRequest, decision: Decision) -> None:
        """Decline the request. The member gets the reason."""
        decision.fact("research.declined", command.by, command.reason)
        decision.tell("research.declined", *ASKED, text=command.reason)
        self.end("declined", decision)

    def may_ask_member(self, command: AskMember, now: datetime) -> None:
        """A question can be asked during triage."""
        self.require_stage(TRIAGE, to="ask the member a question")

    def ask_member(self, command: AskMember, decision: Decision) -> None:
        """Ask the member a question. The request waits for the answer."""
        self.data["question"] = command.question
        decision.fact("research.asked", command.by, command.question)
        self._enter(ANSWER, self.rules.answer, decision)
        self._tell_member("research.question", ANSWER, decision, command.question)

    def may_answer_question(self, command: AnswerQuestion, now: datetime) -> None:
        """An open question can be answered."""
        self.require_stage(ANSWER, to="answer the question")

    def answer_question(self, command: AnswerQuestion, decision: Decision) -> None:
        """Take the answer. Triage continues."""
        self.data["answer"] = command.text
        decision.fact("research.answered", command.by, command.text)
        self._enter(TRIAGE, self.rules.triage, decision)
        self._tell_owner("research.answered", TRIAGE, decision, command.text)

    # --- Scope and draft -------------------------------------------------------------------------

    def may_agree_scope(self, command: AgreeScope, now: datetime) -> None:
        """The scope follows the acceptance. Its date cannot be in the past."""
        self.require_stage(SCOPE, to="agree the scope")
        if command.due is not None:
            self.require_ahead(command.due, now)

    def agree_scope(self, command: AgreeScope, decision: Decision) -> None:
        """Record the agreed question, format and date. Assigning a researcher comes next."""
        self.data |= {"scope": command.text, "format": command.format}
        if command.due is not None:
            self.due_at = due_on(self.item.calendar, command.due)
            self.data["delivery_date"] = command.due.isoformat()
        decision.fact("research.scoped", command.by, command.text, format=command.format)
        decision.tell("research.scoped", *ASKED, text=command.text)
        self._enter(ASSIGN, self.rules.assign, decision)

    def may_assign_request(self, command: AssignRequest, now: datetime) -> None:
        """A researcher can be assigned after the scope, and changed while drafting."""
        self.require_stage(ASSIGN, DRAFT, to="assign a researcher")
        if self.stage == DRAFT and command.researcher == self.assignee:
            raise refusal("That researcher has the request already. Choose another one.")

    def assign_request(self, command: AssignRequest, decision: Decision) -> None:
        """Assign a researcher. A second researcher keeps the first one's date."""
        if self.assignee:
            decision.tell("research.unassigned", self.assignee)
        self.assignee = command.researcher
        decision.fact("research.assigned", command.by, researcher=command.researcher)
        if self.stage == ASSIGN:
            self._enter(DRAFT, self.rules.draft, decision, self._draft_due(decision.now))
        decision.tell(
            "research.assigned",
            command.researcher,
            task=DRAFT,
            revision=self.deadlines.open[DRAFT].revision,
            text=self.data["scope"],
        )

    def may_deliver_request(self, command: DeliverRequest, now: datetime) -> None:
        """Work can be delivered while it is being drafted."""
        self.require_stage(DRAFT, to="deliver the work")

    def deliver_request(self, command: DeliverRequest, decision: Decision) -> None:
        """Deliver the work to the member, who accepts or returns it."""
        self.data["delivery"] = command.text
        decision.fact("research.delivered", command.by, command.text)
        self._enter(ACCEPTANCE, self.rules.acceptance, decision)
        self._tell_member("research.delivered", ACCEPTANCE, decision, command.text)

    # --- Acceptance and feedback -----------------------------------------------------------------

    def may_accept_delivery(self, command: AcceptDelivery, now: datetime) -> None:
        """Delivered work can be accepted."""
        self.require_stage(ACCEPTANCE, to="accept the work")

    def accept_delivery(self, command: AcceptDelivery, decision: Decision) -> None:
        """Accept the work. Feedback comes next."""
        decision.fact("research.delivery_accepted", command.by)
        decision.tell("research.thanked", "researcher", "manager")
        self._enter(FEEDBACK, self.rules.feedback, decision)

    def may_return_delivery(self, command: ReturnDelivery, now: datetime) -> None:
        """Delivered work can be returned, as often as needed."""
        self.require_stage(ACCEPTANCE, to="return the work")

    def return_delivery(self, command: ReturnDelivery, decision: Decision) -> None:
        """Return the work. The researcher gets the comments and a new date."""
        self.data["comments"] = command.comments
        self.data["returns"] = str(int(self.data.get("returns", "0")) + 1)
        decision.fact("research.returned", command.by, command.comments)
        self._enter(DRAFT, self.rules.draft, decision)
        self._tell_owner("research.returned", DRAFT, decision, command.comments)

    def may_give_feedback(self, command: GiveFeedback, now: datetime) -> None:
        """Feedback follows the acceptance."""
        self.require_stage(FEEDBACK, to="give feedback")
        if not 1 <= command.score <= BEST_SCORE:
            raise refusal(f"The score has to be from 1 to {BEST_SCORE}.")

    def give_feedback(self, command: GiveFeedback, decision: Decision) -> None:
        """Take the feedback and close the request."""
        self.data["score"] = str(command.score)
        if command.text:
            self.data["feedback"] = command.text
        decision.fact("research.feedback_given", command.by, command.text, score=str(command.score))
        decision.tell("research.feedback_given", "researcher", "manager", text=command.text)
        self.end("accepted", decision)

    # --- Exits -----------------------------------------------------------------------------------

    def may_withdraw_request(self, command: WithdrawRequest, now: datetime) -> None:
        """A request can be withdrawn until it is closed."""
        self.require_open()

    def withdraw_request(self, command: WithdrawRequest, decision: Decision) -> None:
        """Withdraw a request for the member or the office. The researcher and the manager get an
        email, and so does the member if the office withdrew it."""
        decision.fact("research.withdrawn", command.by, command.reason)
        if not is_of_member(command.by):
            decision.tell("research.stopped", *ASKED, text=command.reason)
        decision.tell("research.withdrawn", "researcher", "manager", text=command.reason)
        self.end("withdrawn", decision)

    def close_item(self, command: CloseItem, decision: Decision) -> None:
        """Close the request because the engagement ends. Its researcher gets an email."""
        if self.assignee:
            decision.tell("research.withdrawn", "researcher", text=command.reason)
        super().close_item(command, decision)

    def ladder_ended(self, deadline: OpenDeadline, decision: Decision) -> None:
        """React to silence as the programme says: accept for the member, or close."""
        if deadline.at_end == "accept":
            decision.fact("research.delivery_accepted", automatic="yes")
            decision.tell("research.auto_accepted", *ASKED, "researcher", "manager")
            self._enter(FEEDBACK, self.rules.feedback, decision)
        elif self.stage == FEEDBACK:
            # Without feedback the request still ends as accepted.
            decision.fact("research.closed", outcome="accepted")
            self.end("accepted", decision)
        else:
            decision.fact("research.closed", outcome="no_answer", stage=self.stage)
            decision.tell("research.closed", *ASKED, "researcher", "manager")
            self.end("no_answer", decision)

    def moved(self, deadline: OpenDeadline) -> None:
        """The draft's date is the request's own."""
        if deadline.key == DRAFT:
            self.due_at = deadline.due_at

    def _enter(
        self, stage: str, rule: StageRule, decision: Decision, due: datetime | None = None
    ) -> None:
        self.deadlines.close_all()
        self.stage = stage
        task = self.deadlines.set(stage, FAMILY, rule, decision.now, due)
        if stage == DRAFT:
            self.due_at = task.due_at

    def _draft_due(self, now: datetime) -> datetime | None:
        return self.due_at if self.due_at is not None and self.due_at > now else None

    def _tell_owner(self, kind: str, task: str, decision: Decision, text: str) -> None:
        self._tell_of(task, decision, kind, (self.deadlines.open[task].stage.owner,), text)

    def _tell_member(self, kind: str, task: str, decision: Decision, text: str) -> None:
        owner = self.deadlines.open[task].stage.owner
        self._tell_of(task, decision, kind, (owner, REQUESTER), text)

    def _tell_of(
        self, task: str, decision: Decision, kind: str, to: tuple[str, ...], text: str
    ) -> None:
        revision = self.deadlines.open[task].revision
        decision.tell(kind, *to, task=task, revision=revision, text=text)
