"""What each kind of email is written from: small frozen values, all of them plain.

A context survives a trip through JSON, so that a preview or a test shows an email without a
database. Dates are in words already, in the zone where they are read; an empty text is "none".
"""

from dataclasses import dataclass

from notifications.content.scene import Words


@dataclass(frozen=True)
class Letter:
    """What every email has: to whom, about whom, why, and the one link."""

    to: str
    """The recipient's name."""
    member: str
    programme: str
    office: str
    """Who writes: the programme's ``from_name``."""
    reply_to: str
    item: str
    """What it is about: "Research request 3", "Interim review"; the programme where no item is."""
    link: str
    why: str
    """Why this person gets this email: a whole sentence."""


@dataclass(frozen=True)
class Told(Letter):
    """It passes on what somebody wrote: a reason, a comment, the notes."""

    words: Words | None


@dataclass(frozen=True)
class Ask(Letter):
    """It asks for something by a date."""

    task: str
    todo: str
    """What to do, in a sentence or two."""
    by: str


@dataclass(frozen=True)
class StepReady(Ask):
    """A step of the onboarding can be done."""

    outside: bool
    """Whether it is for somebody of the office, who may have many members."""


@dataclass(frozen=True)
class AskTold(Ask):
    """It asks for something, and passes on what somebody wrote."""

    words: Words | None


@dataclass(frozen=True)
class Chase(Ask):
    """A reminder, a note that the date has passed, or an escalation: about somebody's task."""

    owner: str
    """Who has to do it; empty where nobody holds the role."""
    yours: bool
    """Whether that is the recipient."""
    about: str
    """The member's name, for those who look after several; empty for the member's own people."""


@dataclass(frozen=True)
class Todo:
    """A line of a list of things to do."""

    title: str
    by: str
    todo: str = ""
    owner: str = ""


@dataclass(frozen=True)
class Line:
    """One open task, as a line of a list."""

    title: str
    item: str
    by: str
    owner: str = ""
    member: str = ""
    """Whose it is, for those who look after several."""


@dataclass(frozen=True)
class NewLead(Letter):
    """The recipient speaks for the member from now on: in whose place, and what waits for them."""

    before: str
    """Who did it until now; empty where nobody did."""
    waiting: tuple[Line, ...]


@dataclass(frozen=True)
class NewInTeam(NewLead):
    """The recipient looks after the member from now on, or advises it, or both."""

    manager: bool
    adviser: bool


@dataclass(frozen=True)
class Welcome(Letter):
    """The first email: who looks after the member, and what to begin with."""

    manager: str
    todos: tuple[Todo, ...]


@dataclass(frozen=True)
class PlannedReview:
    """A review to come."""

    title: str
    opens: str
    by: str


@dataclass(frozen=True)
class Replanned(Told):
    """A review to come has a new date."""

    review: str
    was: str
    """Empty where no date was known before."""
    by: str
    reviews: tuple[PlannedReview, ...]
    """It, and those after it; empty until the joining is done, when they have no dates yet."""


@dataclass(frozen=True)
class Onboarded(Letter):
    """The joining is done: what comes next, and when."""

    reviews: tuple[PlannedReview, ...]
    advice_from: str
    research: bool


@dataclass(frozen=True)
class Waived(Told):
    """An onboarding step that is not needed."""

    step: str


@dataclass(frozen=True)
class Received(Told):
    """A research request is in: ``words`` are its own."""

    asked_by: str
    """Who sent it in; empty where that is the recipient."""


@dataclass(frozen=True)
class NewRequest(AskTold):
    """A research request to triage."""

    theme: str
    asked_by: str


@dataclass(frozen=True)
class AboutRequest(AskTold):
    """It asks for something about a research request, which it quotes."""

    request: Words | None


@dataclass(frozen=True)
class Scoped(Told):
    """What was agreed about a research request."""

    request: Words | None
    format: str
    delivered_by: str


@dataclass(frozen=True)
class Assigned(AskTold):
    """The same, for the researcher who does it."""

    format: str


@dataclass(frozen=True)
class Withdrawn(Told):
    """A research request that is over before its time."""

    by_office: bool
    """Whether it was the office that withdrew it, and not the member."""


@dataclass(frozen=True)
class HandedOver(Letter):
    """A research request that somebody else goes on with."""

    now_with: str


@dataclass(frozen=True)
class Feedback(Told):
    """What the member thinks of the work, from 1 to 5."""

    score: str


@dataclass(frozen=True)
class AdviceOpened(Ask):
    """A new advice cycle, with so many actions carried into it."""

    carried: int


@dataclass(frozen=True)
class Dates(Ask):
    """The dates to choose from."""

    dates: tuple[str, ...]
    adviser: str


@dataclass(frozen=True)
class Session(Letter):
    """A session with its date."""

    session: str


@dataclass(frozen=True)
class Agenda(Told):
    """What a session will cover."""

    session: str


@dataclass(frozen=True)
class Notes(Told):
    """What was said and agreed in a session."""

    held: str
    actions: tuple[Todo, ...]


@dataclass(frozen=True)
class CycleClosed(Told):
    """An advice cycle is over; whether it was cut short, and when the next is planned."""

    cancelled: bool
    next_from: str


@dataclass(frozen=True)
class ReviewOpened(Ask):
    """A review to prepare, with its checklist."""

    about: str
    """What this review is for, in the programme's own words."""
    checks: tuple[str, ...]


@dataclass(frozen=True)
class SignedOff(Told):
    """A review is done; which comes next, or that it was the last."""

    next_review: str
    next_by: str
    last: bool


@dataclass(frozen=True)
class CalledOff(Letter):
    """A review that has not to be sent in by that day any more."""

    was: str


@dataclass(frozen=True)
class Moved(AskTold):
    """A task with a new date."""

    was: str
    outside: bool
    """Whether it is for somebody of the office, who may have many members."""


@dataclass(frozen=True)
class Reply(Told):
    """Somebody answered an email by email."""

    sender: str
    """Who wrote it; empty where that is not known."""
    verified: bool
    attachments: int
    """How many files were left out."""
    passes_on: bool
    """Whether an answer to this email goes to whoever wrote."""


@dataclass(frozen=True)
class PassedOn(Told):
    """What somebody of the office answers to a member's contact."""

    sender: str


@dataclass(frozen=True)
class FilesLeftOut(Letter):
    """The files of an answer were not taken."""

    attachments: int


@dataclass(frozen=True)
class Waiting:
    """One thing that a late email would have asked for."""

    task: str
    item: str
    by: str
    link: str
    todo: str
    """What to do; empty where it is somebody else's."""
    owner: str
    """Who has to do it, where that is somebody else."""
    member: str
    """For those who look after several."""
    words: Words | None


@dataclass(frozen=True)
class CatchUp(Letter):
    """One email in place of several that were late."""

    since: str
    """From which day on they could not leave."""
    things: tuple[Waiting, ...]
    """The soonest first."""
