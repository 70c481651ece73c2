"""The context of each kind of email: frozen dataclasses of plain values for the templates.

A context can be stored as JSON, so a preview or a test shows an email without a database. Dates are
in words already, in the reader's time zone. An empty text means "none".
"""

from dataclasses import dataclass

from notifications.content.scene import Words


@dataclass(frozen=True)
class Letter:
    """What every email has: recipient, member, reason and one link."""

    to: str
    """The recipient's name."""
    member: str
    programme: str
    office: str
    """The sender: the programme's ``from_name``."""
    reply_to: str
    item: str
    """The item: "Research request 3", "Interim review"; the programme's title without an item."""
    link: str
    why: str
    """Why this recipient gets this email: a whole sentence."""


@dataclass(frozen=True)
class Quoting(Letter):
    """An email that quotes what a person wrote: a reason, a comment, the notes."""

    words: Words | None


@dataclass(frozen=True)
class Ask(Letter):
    """An email that asks for a task by a date."""

    task: str
    todo: str
    """What to do, in a sentence or two."""
    by: str


@dataclass(frozen=True)
class StepReady(Ask):
    """An onboarding step that can be done now."""

    outside: bool
    """Whether the recipient is of the office, and may have many members."""


@dataclass(frozen=True)
class AskQuoting(Ask):
    """An email that asks for a task and quotes what a person wrote."""

    words: Words | None


@dataclass(frozen=True)
class Chase(Ask):
    """A reminder, an overdue notice or an escalation."""

    owner: str
    """The task's owner; empty if the role has no holder."""
    yours: bool
    """Whether the recipient is the owner."""
    about: str
    """The member's name, for the office; empty for the member's own contacts."""


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
    """The member's name, for recipients who look after several."""


@dataclass(frozen=True)
class NewLead(Letter):
    """The recipient is now the member's lead contact: whom they replace, and their open tasks."""

    before: str
    """The previous holder of the role; empty if it had none."""
    waiting: tuple[Line, ...]


@dataclass(frozen=True)
class NewInTeam(NewLead):
    """The recipient is now the member's manager or adviser, or both."""

    manager: bool
    adviser: bool


@dataclass(frozen=True)
class Welcome(Letter):
    """The first email: the member's manager, and the first tasks."""

    manager: str
    todos: tuple[Todo, ...]


@dataclass(frozen=True)
class PlannedReview:
    """A coming review."""

    title: str
    opens: str
    by: str


@dataclass(frozen=True)
class Replanned(Quoting):
    """A coming review with a new date."""

    review: str
    was: str
    """The previous date; empty if there was none."""
    by: str
    reviews: tuple[PlannedReview, ...]
    """This review and those after it; empty during onboarding, when they have no dates yet."""


@dataclass(frozen=True)
class Onboarded(Letter):
    """Onboarding is done: what comes next, and when."""

    reviews: tuple[PlannedReview, ...]
    advice_from: str
    research: bool


@dataclass(frozen=True)
class Waived(Quoting):
    """An onboarding step that is not needed."""

    step: str


@dataclass(frozen=True)
class Received(Quoting):
    """A research request was sent in; ``words`` is its text."""

    asked_by: str
    """Who sent it in; empty if that is the recipient."""


@dataclass(frozen=True)
class NewRequest(AskQuoting):
    """A research request to triage."""

    theme: str
    asked_by: str


@dataclass(frozen=True)
class AboutRequest(AskQuoting):
    """An email that asks for a task about a research request, and quotes the request."""

    request: Words | None


@dataclass(frozen=True)
class Scoped(Quoting):
    """The agreed scope of a research request."""

    request: Words | None
    format: str
    delivered_by: str


@dataclass(frozen=True)
class Assigned(AskQuoting):
    """The agreed scope, for the researcher."""

    format: str


@dataclass(frozen=True)
class Withdrawn(Quoting):
    """A research request that was withdrawn."""

    by_office: bool
    """Whether the office withdrew it, and not the member."""


@dataclass(frozen=True)
class HandedOver(Letter):
    """A research request that another researcher continues."""

    now_with: str


@dataclass(frozen=True)
class Feedback(Quoting):
    """The member's rating of the work, from 1 to 5."""

    score: str


@dataclass(frozen=True)
class AdviceOpened(Ask):
    """A new advice cycle, with the number of actions carried into it."""

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
class Agenda(Quoting):
    """What a session will cover."""

    session: str


@dataclass(frozen=True)
class Notes(Quoting):
    """The notes and agreed actions of a session."""

    held: str
    actions: tuple[Todo, ...]


@dataclass(frozen=True)
class CycleClosed(Quoting):
    """The end of an advice cycle, and when the next is planned."""

    cancelled: bool
    next_from: str


@dataclass(frozen=True)
class ReviewOpened(Ask):
    """A review to prepare, with its checklist."""

    about: str
    """The purpose of this review, in the programme's own words."""
    checks: tuple[str, ...]


@dataclass(frozen=True)
class SignedOff(Quoting):
    """A review that was signed off, and which comes next."""

    next_review: str
    next_by: str
    last: bool


@dataclass(frozen=True)
class CalledOff(Letter):
    """A review that is no longer due on that day."""

    was: str


@dataclass(frozen=True)
class Moved(AskQuoting):
    """A task with a new date."""

    was: str
    outside: bool
    """Whether the recipient is of the office, and may have many members."""


@dataclass(frozen=True)
class Reply(Quoting):
    """A reply by email."""

    sender: str
    """Who wrote it; empty if unknown."""
    verified: bool
    attachments: int
    """The number of files that were left out."""
    passes_on: bool
    """Whether a reply to this email goes to the writer."""


@dataclass(frozen=True)
class PassedOn(Quoting):
    """The office's reply to a member's contact."""

    sender: str


@dataclass(frozen=True)
class FilesLeftOut(Letter):
    """A notice that the files of a reply were left out."""

    attachments: int


@dataclass(frozen=True)
class Waiting:
    """One task that a late email would have asked for."""

    task: str
    item: str
    by: str
    link: str
    todo: str
    """What to do; empty if another person owns the task."""
    owner: str
    """The owner, if that is another person."""
    member: str
    """The member's name, for recipients who look after several."""
    words: Words | None


@dataclass(frozen=True)
class CatchUp(Letter):
    """One email in place of several that were late."""

    since: str
    """The day since which they could not leave."""
    things: tuple[Waiting, ...]
    """Soonest first."""
