"""Every kind of email: what it is for, how long it stays true, and who builds it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from notifications.calendar.entries import CALLED_OFF, CARRYING
from notifications.content import context as c
from notifications.content.builders import cycles, engagement, research, shapes
from notifications.content.message import Occasion
from notifications.delivery.reassignment import NEW_IN_TEAM, NEW_LEAD
from notifications.delivery.recipient import Category
from storage.master.teams import CHANGED

Rule = Literal["running", "finished", "always"]
"""How long a kind stays true: while its engagement runs; also once that was completed (what was
done stays done); or always (the closing mails themselves)."""

CATCH_UP = "catch_up"
"""The email that stands for several late ones. No notice asks for it: one of them becomes it."""


def nothing_else(_it: Occasion) -> str:
    """Nothing else has to hold."""
    return ""


def session_off(it: Occasion) -> str:
    """Why the session is not on the day any more that the email would name; empty where it is."""
    if not it.data("session"):
        return "session_called_off"
    named = it.fact_data("advice.confirmed", "session")
    return "" if named in ("", it.data("session")) else "moved"


def handed_on(it: Occasion) -> str:
    """Why the recipient has no role any more of those that they were given; empty with one."""
    return "" if any(engagement.has_taken_over(it, role) for role in CHANGED) else "handed_on"


def moved_again(it: Occasion) -> str:
    """Why the review has not the date any more that the email would name; empty where it has."""
    review = it.fact_data("review.planned_moved", "review")
    same = it.scene.moved.get(review) == it.fact_data("review.planned_moved", "due")
    return "" if same else "moved"


@dataclass(frozen=True)
class Kind:
    """One kind of email. Its templates are in ``templates/<name>``."""

    name: str
    context: type[c.Letter]
    build: Callable[[Occasion], c.Letter]
    rule: Rule = "running"
    task: str = ""
    """The task that it asks for, where the notice does not say: ``triage``."""
    untrue: Callable[[Occasion], str] = nothing_else
    """The named reason why it is not true any more, besides what ``rule`` and ``task`` say."""

    @property
    def category(self) -> Category:
        """What a recipient may say about it: they may have what comes ahead of a date collected.
        What says that a date has passed, or is taken further, never waits."""
        if self.name in CALLED_OFF or self.name == "reply.files_left_out":
            return "personal"
        return "reminder" if self.name.endswith(".reminder") else "transactional"

    @property
    def family(self) -> str:
        """Whose words it uses: ``research`` of ``research.new``."""
        return self.name.partition(".")[0]

    @property
    def asks(self) -> bool:
        """Whether it asks for a task by a date."""
        return issubclass(self.context, c.Ask)

    @property
    def joins(self) -> bool:
        """Whether one email may say it with others, once it is late: a list has all of what it
        asks for. Answers, and what may go into a calendar, stand alone."""
        return self.asks and self.name not in CARRYING


_KINDS = (
    Kind("engagement.welcome", c.Welcome, engagement.welcome),
    Kind("engagement.onboarded", c.Onboarded, engagement.onboarded),
    Kind("engagement.ready", c.Letter, shapes.letter),
    Kind("engagement.completed", c.Letter, shapes.letter, "always"),
    Kind("engagement.withdrawn", c.Told, shapes.told, "always"),
    Kind(NEW_IN_TEAM, c.NewInTeam, engagement.new_in_team, untrue=handed_on),
    Kind(NEW_LEAD, c.NewLead, engagement.new_lead, untrue=handed_on),
    Kind("onboarding.step_ready", c.StepReady, shapes.step_ready),
    Kind("onboarding.step_waived", c.Waived, engagement.waived),
    Kind("research.received", c.Received, research.received),
    Kind("research.new", c.NewRequest, research.new_request, task="triage"),
    Kind("research.question", c.AboutRequest, research.about_request, task="answer"),
    Kind("research.answered", c.AskTold, shapes.ask_told, task="triage"),
    Kind("research.accepted", c.Letter, shapes.letter),
    Kind("research.declined", c.Told, shapes.told, "finished"),
    Kind("research.scoped", c.Scoped, research.scoped),
    Kind("research.assigned", c.Assigned, research.assigned, task="draft"),
    Kind("research.delivered", c.AboutRequest, research.about_request, task="acceptance"),
    Kind("research.returned", c.AskTold, shapes.ask_told, task="draft"),
    Kind("research.thanked", c.Letter, shapes.letter, "finished"),
    Kind("research.auto_accepted", c.Letter, shapes.letter, "finished"),
    Kind("research.feedback_given", c.Feedback, research.feedback, "finished"),
    Kind("research.unassigned", c.HandedOver, research.handed_over, "always"),
    Kind("research.withdrawn", c.Withdrawn, research.withdrawn, "always"),
    Kind("research.stopped", c.Told, shapes.told, "always"),
    Kind("research.closed", c.Letter, shapes.letter, "finished"),
    Kind("advice.opened", c.AdviceOpened, cycles.advice_opened, task="propose"),
    Kind("advice.dates_proposed", c.Dates, cycles.dates, task="confirm"),
    Kind("advice.confirmed", c.Session, cycles.session, untrue=session_off),
    Kind("advice.agenda", c.Agenda, cycles.agenda, untrue=session_off),
    Kind("advice.missed", c.Told, shapes.told),
    Kind("advice.called_off", c.Session, cycles.called_off, "always"),
    Kind("advice.notes", c.Notes, cycles.notes, "finished"),
    Kind("advice.closed", c.CycleClosed, cycles.cycle_closed, "finished"),
    Kind("review.opened", c.ReviewOpened, cycles.review_opened, task="submit"),
    Kind("review.submitted", c.AskTold, shapes.ask_told, task="sign_off"),
    Kind("review.returned", c.AskTold, shapes.ask_told, task="revise"),
    Kind("review.signed_off", c.SignedOff, cycles.signed_off, "finished"),
    Kind("review.called_off", c.CalledOff, cycles.review_called_off, "always"),
    Kind("review.replanned", c.Replanned, cycles.replanned, untrue=moved_again),
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
"""Every kind by its name. A notice of a kind that is not here fails alone, as ``unknown_kind``."""

JOINING = frozenset(kind.name for kind in _KINDS if kind.joins)
"""The kinds that may go out in one email with others."""
