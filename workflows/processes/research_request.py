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
"""Who of the member hears of a request: whoever asked may be another than the lead."""

BEST_SCORE = 5


class ResearchRequestProcess(Process):
    """One stage at a time, each with one task of the same name.

    ``data``: text ids by name (``request``, ``question``, ``answer``, ``scope``, ``delivery``,
    ``comments``, ``feedback``), and ``theme``, ``format``, ``score``, ``returns``, ``requester``.
    Whoever of the member asked for it hears of it beside the lead.
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
        """Only what is in triage can be accepted."""
        self.require_stage(TRIAGE, to="accept the request")

    def accept_request(self, command: AcceptRequest, decision: Decision) -> None:
        """It will be done: the scope is agreed next."""
        decision.fact("research.accepted", command.by)
        decision.tell("research.accepted", *ASKED)
        self._enter(SCOPE, self.rules.scope, decision)

    def may_decline_request(self, command: DeclineRequest, now: datetime) -> None:
        """Only what is in triage can be declined."""
        self.require_stage(TRIAGE, to="decline the request")

    def decline_request(self, command: DeclineRequest, decision: Decision) -> None:
        """It will not be done: the member hears why."""
        decision.fact("research.declined", command.by, command.reason)
        decision.tell("research.declined", *ASKED, text=command.reason)
        self.end("declined", decision)

    def may_ask_member(self, command: AskMember, now: datetime) -> None:
        """A question comes before the request is accepted."""
        self.require_stage(TRIAGE, to="ask the member a question")

    def ask_member(self, command: AskMember, decision: Decision) -> None:
        """Triage needs to know more: the member is asked, and the request waits."""
        self.data["question"] = command.question
        decision.fact("research.asked", command.by, command.question)
        self._enter(ANSWER, self.rules.answer, decision)
        self._tell_member("research.question", ANSWER, decision, command.question)

    def may_answer_question(self, command: AnswerQuestion, now: datetime) -> None:
        """Only an open question can be answered."""
        self.require_stage(ANSWER, to="answer the question")

    def answer_question(self, command: AnswerQuestion, decision: Decision) -> None:
        """The answer is in: triage goes on."""
        self.data["answer"] = command.text
        decision.fact("research.answered", command.by, command.text)
        self._enter(TRIAGE, self.rules.triage, decision)
        self._tell_owner("research.answered", TRIAGE, decision, command.text)

    # --- Scope and draft -------------------------------------------------------------------------

    def may_agree_scope(self, command: AgreeScope, now: datetime) -> None:
        """The scope follows the acceptance; its date cannot be over."""
        self.require_stage(SCOPE, to="agree the scope")
        if command.due is not None:
            self.require_ahead(command.due, now)

    def agree_scope(self, command: AgreeScope, decision: Decision) -> None:
        """Question, format and date are agreed: somebody is to be found who does it."""
        self.data |= {"scope": command.text, "format": command.format}
        if command.due is not None:
            self.due_at = due_on(self.item.calendar, command.due)
            self.data["delivery_date"] = command.due.isoformat()
        decision.fact("research.scoped", command.by, command.text, format=command.format)
        decision.tell("research.scoped", *ASKED, text=command.text)
        self._enter(ASSIGN, self.rules.assign, decision)

    def may_assign_request(self, command: AssignRequest, now: datetime) -> None:
        """A researcher is chosen after the scope, and can be changed while drafting."""
        self.require_stage(ASSIGN, DRAFT, to="assign a researcher")
        if self.stage == DRAFT and command.researcher == self.assignee:
            raise refusal("That researcher has the request already. Choose another one.")

    def assign_request(self, command: AssignRequest, decision: Decision) -> None:
        """A researcher takes it up. Another one later takes over the same date."""
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
        """What is being drafted can be delivered."""
        self.require_stage(DRAFT, to="deliver the work")

    def deliver_request(self, command: DeliverRequest, decision: Decision) -> None:
        """The work goes to the member, who accepts it or returns it."""
        self.data["delivery"] = command.text
        decision.fact("research.delivered", command.by, command.text)
        self._enter(ACCEPTANCE, self.rules.acceptance, decision)
        self._tell_member("research.delivered", ACCEPTANCE, decision, command.text)

    # --- Acceptance and feedback -----------------------------------------------------------------

    def may_accept_delivery(self, command: AcceptDelivery, now: datetime) -> None:
        """What was delivered can be accepted."""
        self.require_stage(ACCEPTANCE, to="accept the work")

    def accept_delivery(self, command: AcceptDelivery, decision: Decision) -> None:
        """The member is content: a word of feedback is all that is left."""
        decision.fact("research.delivery_accepted", command.by)
        decision.tell("research.thanked", "researcher", "manager")
        self._enter(FEEDBACK, self.rules.feedback, decision)

    def may_return_delivery(self, command: ReturnDelivery, now: datetime) -> None:
        """What was delivered can be returned, as often as needed."""
        self.require_stage(ACCEPTANCE, to="return the work")

    def return_delivery(self, command: ReturnDelivery, decision: Decision) -> None:
        """Not yet: the researcher gets the comments and a new date."""
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
        """The last word: the request is closed."""
        self.data["score"] = str(command.score)
        if command.text:
            self.data["feedback"] = command.text
        decision.fact("research.feedback_given", command.by, command.text, score=str(command.score))
        decision.tell("research.feedback_given", "researcher", "manager", text=command.text)
        self.end("accepted", decision)

    # --- Exits -----------------------------------------------------------------------------------

    def may_withdraw_request(self, command: WithdrawRequest, now: datetime) -> None:
        """At any time before it is closed."""
        self.require_open()

    def withdraw_request(self, command: WithdrawRequest, decision: Decision) -> None:
        """The member does not need it any more, or the office cannot do it: those at work on it
        hear at once, and the member where it was not the member."""
        decision.fact("research.withdrawn", command.by, command.reason)
        if not is_of_member(command.by):
            decision.tell("research.stopped", *ASKED, text=command.reason)
        decision.tell("research.withdrawn", "researcher", "manager", text=command.reason)
        self.end("withdrawn", decision)

    def close_item(self, command: CloseItem, decision: Decision) -> None:
        """The engagement ends: whoever is at work on the request hears that it is not needed."""
        if self.assignee:
            decision.tell("research.withdrawn", "researcher", text=command.reason)
        super().close_item(command, decision)

    def ladder_ended(self, deadline: OpenDeadline, decision: Decision) -> None:
        """Nobody answered: accept on the member's behalf, or close, as the programme says."""
        if deadline.at_end == "accept":
            decision.fact("research.delivery_accepted", automatic="yes")
            decision.tell("research.auto_accepted", *ASKED, "researcher", "manager")
            self._enter(FEEDBACK, self.rules.feedback, decision)
        elif self.stage == FEEDBACK:
            # No feedback is an answer too, and the work was accepted.
            decision.fact("research.closed", outcome="accepted")
            self.end("accepted", decision)
        else:
            decision.fact("research.closed", outcome="no_answer", stage=self.stage)
            decision.tell("research.closed", *ASKED, "researcher", "manager")
            self.end("no_answer", decision)

    def moved(self, deadline: OpenDeadline) -> None:
        """The draft's date is the request's."""
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
