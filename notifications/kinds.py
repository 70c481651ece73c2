"""Every kind of email: its context, how long it stays true, and what builds it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from notifications.calendar.entries import CALLED_OFF, WITH_CALENDAR
from notifications.content import context as c
from notifications.content.builders import cycles, engagement, research, shapes
from notifications.content.message import Message
from notifications.delivery.reassignment import NEW_IN_TEAM, NEW_LEAD
from notifications.delivery.recipient import Category
from storage.master.teams import CHANGED

Rule = Literal["running", "finished", "always"]
"""How long a kind stays true: while its engagement runs; also after it was completed; or always, as
the closing emails do."""

CATCH_UP = "catch_up"
"""One email in place of several late ones. No notice asks for it: a late one becomes it."""


def still_true(_it: Message) -> str:
    """An empty reason: the kind has no check of its own."""
    return ""


def session_changed(it: Message) -> str:
    """The reason if the session is no longer at the announced time; otherwise empty."""
    if not it.data("session"):
        return "session_called_off"
    named = it.fact_data("advice.confirmed", "session")
    return "" if named in ("", it.data("session")) else "moved"


def roles_passed_on(it: Message) -> str:
    """The reason if the recipient has lost every role that they were given; otherwise empty."""
    return "" if any(engagement.has_taken_over(it, role) for role in CHANGED) else "handed_on"


def review_moved_again(it: Message) -> str:
    """The reason if the review no longer has the announced date; otherwise empty."""
    review = it.fact_data("review.planned_moved", "review")
    same = it.scene.moved.get(review) == it.fact_data("review.planned_moved", "due")
    return "" if same else "moved"


@dataclass(frozen=True)
class Kind:
    """One kind of email. Its templates are in ``templates/<name>``."""

    name: str
    context: type[c.Letter]
    build: Callable[[Message], c.Letter]
    rule: Rule = "running"
    task: str = ""
    """The task that it asks for, such as ``triage``, if the notice does not name one."""
    outdated: Callable[[Message], str] = still_true
    """Returns the reason if it is outdated, beyond what ``rule`` and ``task`` cover."""

    @property
    def category(self) -> Category:
        """What a recipient may choose about it: reminders may be collected in a summary.

        Overdue emails and escalations never wait.
        """
        if self.name in CALLED_OFF or self.name == "reply.files_left_out":
            return "personal"
        return "reminder" if self.name.endswith(".reminder") else "transactional"

    @property
    def family(self) -> str:
        """The first part of its name: ``research`` of ``research.new``."""
        return self.name.partition(".")[0]

    @property
    def asks(self) -> bool:
        """Whether it asks for a task by a date."""
        return issubclass(self.context, c.Ask)

    @property
    def batches(self) -> bool:
        """Whether it may be batched with others once it is late.

        Only emails that ask for a task are; answers and calendar emails are sent alone.
        """
        return self.asks and self.name not in WITH_CALENDAR


_KINDS = (
    Kind("engagement.welcome", c.Welcome, engagement.welcome),
    Kind("engagement.onboarded", c.Onboarded, engagement.onboarded),
    Kind("engagement.ready", c.Letter, shapes.letter),
    Kind("engagement.completed", c.Letter, shapes.letter, "always"),
    Kind("engagement.withdrawn", c.Quoting, shapes.quoting, "always"),
    Kind(NEW_IN_TEAM, c.NewInTeam, engagement.new_in_team, outdated=roles_passed_on),
    Kind(NEW_LEAD, c.NewLead, engagement.new_lead, outdated=roles_passed_on),
    Kind("onboarding.step_ready", c.StepReady, shapes.step_ready),
    Kind("onboarding.step_waived", c.Waived, engagement.waived),
    Kind("research.received", c.Received, research.received),
    Kind("research.new", c.NewRequest, research.new_request, task="triage"),
    Kind("research.question", c.AboutRequest, research.about_request, task="answer"),
    Kind("research.answered", c.AskQuoting, shapes.ask_quoting, task="triage"),
    Kind("research.accepted", c.Letter, shapes.letter),
    Kind("research.declined", c.Quoting, shapes.quoting, "finished"),
    Kind("research.scoped", c.Scoped, research.scoped),
    Kind("research.assigned", c.Assigned, research.assigned, task="draft"),
    Kind("research.delivered", c.AboutRequest, research.about_request, task="acceptance"),
    Kind("research.returned", c.AskQuoting, shapes.ask_quoting, task="draft"),
    Kind("research.thanked", c.Letter, shapes.letter, "finished"),
    Kind("research.auto_accepted", c.Letter, shapes.letter, "finished"),
    Kind("research.feedback_given", c.Feedback, research.feedback, "finished"),
    Kind("research.unassigned", c.HandedOver, research.handed_over, "always"),
    Kind("research.withdrawn", c.Withdrawn, research.withdrawn, "always"),
    Kind("research.stopped", c.Quoting, shapes.quoting, "always"),
    Kind("research.closed", c.Letter, shapes.letter, "finished"),
    Kind("advice.opened", c.AdviceOpened, cycles.advice_opened, task="propose"),
    Kind("advice.dates_proposed", c.Dates, cycles.dates, task="confirm"),
    Kind("advice.confirmed", c.Session, cycles.session, outdated=session_changed),
    Kind("advice.agenda", c.Agenda, cycles.agenda, outdated=session_changed),
    Kind("advice.missed", c.Quoting, shapes.quoting),
    Kind("advice.called_off", c.Session, cycles.called_off, "always"),
    Kind("advice.notes", c.Notes, cycles.notes, "finished"),
    Kind("advice.closed", c.CycleClosed, cycles.cycle_closed, "finished"),
    Kind("review.opened", c.ReviewOpened, cycles.review_opened, task="submit"),
    Kind("review.submitted", c.AskQuoting, shapes.ask_quoting, task="sign_off"),
    Kind("review.returned", c.AskQuoting, shapes.ask_quoting, task="revise"),
    Kind("review.signed_off", c.SignedOff, cycles.signed_off, "finished"),
    Kind("review.called_off", c.CalledOff, cycles.review_called_off, "always"),
    Kind("review.replanned", c.Replanned, cycles.replanned, outdated=review_moved_again),
    Kind("task.moved", c.Moved, shapes.moved),
    Kind("reply.received", c.Reply, engagement.reply, "always"),
    Kind("reply.passed_on", c.PassedOn, engagement.passed_on, "always"),
    Kind("reply.files_left_out", c.FilesLeftOut, engagement.files_left_out, "always"),
    Kind(CATCH_UP, c.CatchUp, research.catch_up),
    *(
        Kind(f"{family}.{says}", c.Chase, shapes.chase)
        for family in ("onboarding", "research", "advice", "action", "review")
        for says in ("reminder", "overdue", "escalation")
    ),
)

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _KINDS}
"""Every kind by its name. A notice of any other kind fails alone, as ``unknown_kind``."""

BATCHABLE = frozenset(kind.name for kind in _KINDS if kind.batches)
"""The kinds that may be batched."""
