"""What a programme's YAML file may say: typed models, which refuse whatever they do not know."""

from collections.abc import Iterable
from typing import Annotated, Protocol, TypeVar

from pydantic import Field

from programmes.fields import (
    Address,
    Before,
    Key,
    Offset,
    Owner,
    Part,
    Role,
    Selector,
    Some,
    Span,
    Titled,
)
from programmes.office_hours import Digests, OpenCalendar, Outage, UkCalendar
from programmes.plans import ONBOARDING
from programmes.rules import (
    AdviceRules,
    LadderEnd,
    LadderRule,
    ResearchRules,
    ReviewRule,
    Rules,
    RungRule,
    Says,
    StageRule,
    StepRule,
)
from programmes.spoken import Line, Prose, Title


class Theme(Titled):
    """A subject of the programme: what a research request may be about."""

    text: Prose | None = None


class RoleText(Part):
    """How people call a role, and what it does."""

    title: Title
    text: Prose | None = None


class Rung(Part):
    """One reminder or escalation of a ladder."""

    id: Key
    at: Offset
    to: Annotated[tuple[Selector, ...], Field(min_length=1)]
    says: Says


class Ladder(Part):
    """How a deadline is chased, and how long after the due date that ends."""

    rungs: tuple[Rung, ...]
    ends: Span

    def rule(self) -> LadderRule:
        """Its rungs as the planner carries them."""
        rungs = tuple(RungRule(rung.id, rung.at, rung.to, rung.says) for rung in self.rungs)
        return LadderRule(rungs, self.ends)


class Chase(Part):
    """Who does something, which ladder chases them, and what happens at its end."""

    owner: Owner
    ladder: Key
    at_end: LadderEnd = "escalate"


class Submission(Chase):
    """Something to do by a date of the plan."""

    def rule(self) -> StageRule:
        """As workflows carry it; its time is not used."""
        return StageRule(self.owner, "0d", self.ladder, self.at_end)


class Stage(Chase):
    """Something to do within a time."""

    due: Span

    def rule(self) -> StageRule:
        """As workflows carry it."""
        return StageRule(self.owner, self.due, self.ladder, self.at_end)


class Lead(Chase):
    """Something to do a time before something else."""

    due: Before

    def rule(self) -> StageRule:
        """As workflows carry it."""
        return StageRule(self.owner, self.due, self.ladder, self.at_end)


class Step(Stage):
    """A step of the onboarding, due from the start or from the end of the steps it comes after."""

    id: Key
    title: Title
    text: Prose
    after: tuple[Key, ...] = ()


class Onboarding(Part):
    """How a member joins."""

    steps: Annotated[tuple[Step, ...], Field(min_length=1)]


class Research(Part):
    """The stages of a research request."""

    triage: Stage
    answer: Stage
    scope: Stage
    assign: Stage
    draft: Stage
    acceptance: Stage
    feedback: Stage

    def rules(self) -> ResearchRules:
        """As workflows carry them."""
        return ResearchRules(
            triage=self.triage.rule(),
            answer=self.answer.rule(),
            scope=self.scope.rule(),
            assign=self.assign.rule(),
            draft=self.draft.rule(),
            acceptance=self.acceptance.rule(),
            feedback=self.feedback.rule(),
        )


class Advice(Part):
    """Advice sessions that come back at an interval."""

    first: Span
    every: Some
    propose: Stage
    confirm: Stage
    agenda: Lead
    session: Stage
    notes: Stage
    action: Stage

    def rules(self) -> AdviceRules:
        """As workflows carry them."""
        return AdviceRules(
            first=self.first,
            interval=self.every,
            propose=self.propose.rule(),
            confirm=self.confirm.rule(),
            agenda=self.agenda.rule(),
            session=self.session.rule(),
            notes=self.notes.rule(),
            action=self.action.rule(),
        )


class Review(Part):
    """A review milestone, due ``plus`` after the onboarding or after another review is due."""

    id: Key
    title: Title
    text: Prose
    after: Key = ONBOARDING
    plus: Some
    opens: Span
    checklist: tuple[Titled, ...] = ()
    submit: Submission
    sign_off: Stage
    revise: Stage
    hears: tuple[Selector, ...] = ()

    def rule(self) -> ReviewRule:
        """As workflows carry it."""
        return ReviewRule(
            key=self.id,
            after=self.after,
            plus=self.plus,
            opens=self.opens,
            checklist=tuple(check.id for check in self.checklist),
            submit=self.submit.rule(),
            sign_off=self.sign_off.rule(),
            revise=self.revise.rule(),
            hears=self.hears,
        )


class Mail(Part):
    """Whom the programme's emails come from."""

    from_name: Title
    from_address: Annotated[Address | None, Field(alias="from")] = None
    """The address that they come from, where it is not the office's (``MILEPOST_MAIL_FROM``). The
    mail provider has to know it."""
    reply_to: Address


class Definition(Part):
    """A programme in one file."""

    id: Key
    version: Annotated[int, Field(ge=1, strict=True)]
    title: Title
    text: Prose
    host: Line
    funder: Line | None = None
    supporters: tuple[Line, ...] = ()
    themes: tuple[Theme, ...] = ()
    roles: Annotated[dict[Role, RoleText], Field(min_length=1)]
    mail: Mail
    calendar: Annotated[UkCalendar | OpenCalendar, Field(discriminator="kind")]
    soon: Span
    ladders: Annotated[dict[Key, Ladder], Field(min_length=1)]
    onboarding: Onboarding
    research: Research | None = None
    advice: Advice | None = None
    reviews: tuple[Review, ...] = ()
    digests: Digests = Digests()
    outage: Outage = Outage()

    def rules(self) -> Rules:
        """What workflows and the planner carry of it: keys and durations, no text."""
        return Rules(
            programme=self.id,
            version=self.version,
            soon=self.soon,
            ladders={key: ladder.rule() for key, ladder in self.ladders.items()},
            onboarding=tuple(
                StepRule(step.id, step.rule(), step.after) for step in self.onboarding.steps
            ),
            research=self.research.rules() if self.research else None,
            advice=self.advice.rules() if self.advice else None,
            reviews=tuple(review.rule() for review in self.reviews),
        )

    def step(self, key: str) -> Step:
        """The onboarding step of that key. Raises ``KeyError`` where there is none."""
        return _by_id(self.onboarding.steps, key)

    def review(self, key: str) -> Review:
        """The review of that key. Raises ``KeyError`` where there is none."""
        return _by_id(self.reviews, key)

    def theme(self, key: str) -> Theme:
        """The theme of that key. Raises ``KeyError`` where there is none."""
        return _by_id(self.themes, key)


class _WithId(Protocol):
    @property
    def id(self) -> str: ...


_Found = TypeVar("_Found", bound=_WithId)


def _by_id(parts: Iterable[_Found], key: str) -> _Found:
    for part in parts:
        if part.id == key:
            return part
    raise KeyError(key)
