"""What a programme's YAML file may say: typed models, which refuse whatever they do not know."""

from collections.abc import Iterable
from typing import Annotated, Protocol, TypeVar

from pydantic import Field

from programmes.fields import (
    Address,
    Before,
    Key,
    Line,
    Offset,
    Owner,
    Part,
    Prose,
    Role,
    Selector,
    Some,
    Span,
    Title,
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


class Theme(Titled):
    """A subject of the programme: what a research request may be about."""

    text: Prose | None = Field(
        default=None,
        description="What the theme is about.",
        examples=["Secure, fairly paid work that people can build a life on."],
    )


class RoleText(Part):
    """How people call a role, and what it does."""

    title: Title = Field(description="What people call the role.", examples=["Programme manager"])
    text: Prose | None = Field(
        default=None,
        description="What the role does.",
        examples=["Runs the programme and is the first person to ask."],
    )


class Rung(Part):
    """One reminder or escalation of a ladder."""

    id: Key = Field(
        description=(
            "The name of this step, unique in its ladder. The timeline and explanations show it."
        ),
        examples=["early"],
    )
    at: Offset = Field(
        description=(
            "The day of the email, counted from the due date. A minus means before it. It leaves "
            "as the sending hours begin."
        ),
        examples=["-5wd", "0wd", "3wd"],
    )
    to: Annotated[tuple[Selector, ...], Field(min_length=1)] = Field(
        description="Who gets the email.", examples=[["owner"], ["owner", "lead"]]
    )
    says: Says = Field(
        description=(
            "The kind of email. `reminder` comes up to the due date, `overdue` and `escalation` "
            "after it."
        ),
        examples=["reminder"],
    )


class Ladder(Part):
    """How a deadline is chased, and how long after the due date that ends."""

    rungs: tuple[Rung, ...] = Field(
        description=(
            "The emails around a due date, in the order of their times. An empty list sends none."
        ),
    )
    ends: Span = Field(
        description=(
            "How long after the due date the ladder ends. Then `at_end` of the stage applies."
        ),
        examples=["10wd"],
    )

    def rule(self) -> LadderRule:
        """Its rungs as the planner carries them."""
        rungs = tuple(RungRule(rung.id, rung.at, rung.to, rung.says) for rung in self.rungs)
        return LadderRule(rungs, self.ends)


class Chase(Part):
    """Who does something, which ladder chases them, and what happens at its end."""

    owner: Owner = Field(description="The role that has to do it.", examples=["lead"])
    ladder: Key = Field(description="The ladder of reminders that applies.", examples=["member"])
    at_end: LadderEnd = Field(
        default="escalate",
        description=(
            "What happens when the ladder ends and the task is open. `escalate` marks it as stuck, "
            "`accept` accepts on the owner's behalf, `close` closes it unanswered."
        ),
        examples=["close"],
    )


class Submission(Chase):
    """Something to do by a date of the plan."""

    def rule(self) -> StageRule:
        """As workflows carry it; its time is not used."""
        return StageRule(self.owner, "0d", self.ladder, self.at_end)


class Stage(Chase):
    """Something to do within a time."""

    due: Span = Field(description="How long the owner has.", examples=["10wd"])

    def rule(self) -> StageRule:
        """As workflows carry it."""
        return StageRule(self.owner, self.due, self.ladder, self.at_end)


class Lead(Chase):
    """Something to do a time before something else."""

    due: Before = Field(
        description="When it is due, counted back from the session, so with a minus.",
        examples=["-3wd"],
    )

    def rule(self) -> StageRule:
        """As workflows carry it."""
        return StageRule(self.owner, self.due, self.ladder, self.at_end)


class Step(Stage):
    """A step of the onboarding, due from the start or from the end of the steps it comes after."""

    id: Key = Field(
        description=(
            "The name of the step, unique among the steps. It stays the same in later versions."
        ),
        examples=["agreement"],
    )
    title: Title = Field(
        description="What has to be done.", examples=["Sign the membership agreement"]
    )
    text: Prose = Field(
        description="How to do it, for the email and the page.",
        examples=["Read the agreement, have it signed, and send it back to us."],
    )
    after: tuple[Key, ...] = Field(
        default=(),
        description=(
            "The steps that come first. The time of this step begins when the last of them is done."
        ),
        examples=[["agreement", "baseline"]],
    )


class Onboarding(Part):
    """How a member joins."""

    steps: Annotated[tuple[Step, ...], Field(min_length=1)] = Field(
        description=(
            "What a new member and the office do first. The onboarding is complete when every step "
            "is."
        ),
    )


class Research(Part):
    """The stages of a research request."""

    triage: Stage = Field(
        description="The office accepts the request, declines it or asks a question."
    )
    answer: Stage = Field(description="The member answers the question.")
    scope: Stage = Field(
        description="The office and the member agree the question, the format and the date."
    )
    assign: Stage = Field(description="The office chooses a researcher.")
    draft: Stage = Field(
        description="The researcher writes. Its `due` applies unless the scope names another date."
    )
    acceptance: Stage = Field(description="The member accepts the work or returns it for changes.")
    feedback: Stage = Field(description="The member says how useful it was.")

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

    first: Span = Field(
        description="How long after the end of the onboarding the first cycle opens.",
        examples=["5wd"],
    )
    every: Some = Field(
        description="The time from the opening of one cycle to the next.", examples=["P3M"]
    )
    propose: Stage = Field(description="The adviser proposes dates for the session.")
    confirm: Stage = Field(description="The member confirms one of the dates.")
    agenda: Lead = Field(description="The adviser sends the agenda.")
    session: Stage = Field(
        description="The adviser says whether the session was held. `due` counts from its date."
    )
    notes: Stage = Field(
        description="The adviser records notes and agreed actions. `due` counts from the session."
    )
    action: Stage = Field(
        description="One agreed action. Its `owner` and `due` apply unless the notes name others."
    )

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

    id: Key = Field(
        description=(
            "The name of the review, unique among the reviews. It stays the same in later versions."
        ),
        examples=["six-month"],
    )
    title: Title = Field(description="What the review is called.", examples=["Six-month review"])
    text: Prose = Field(
        description="What the review is for, for the email and the page.",
        examples=["The half-way mark: what has changed for people in your place."],
    )
    after: Key = Field(
        default=ONBOARDING,
        description="What the date counts from: `onboarding`, or the `id` of another review.",
        examples=["three-month"],
    )
    plus: Some = Field(description="The time from there to the due date.", examples=["P3M"])
    opens: Span = Field(
        description="How long before its due date the review opens.", examples=["20wd"]
    )
    checklist: tuple[Titled, ...] = Field(
        default=(), description="What the member gives evidence of before submitting."
    )
    submit: Submission = Field(
        description="The member submits the review. It is due on the date of the review."
    )
    sign_off: Stage = Field(
        description="The office signs the review off or returns it for changes."
    )
    revise: Stage = Field(description="The member makes the changes and submits again.")
    hears: tuple[Selector, ...] = Field(
        default=(),
        description=(
            "Who else is told that the review is signed off. The lead and the team always are."
        ),
        examples=[["funder"]],
    )

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

    from_name: Title = Field(
        description="The name that emails come from.", examples=["Inclusive Growth Network"]
    )
    from_address: Annotated[Address | None, Field(alias="from")] = Field(
        default=None,
        description=(
            "The address that emails come from. The mail provider must know it. Without it, "
            "`MILEPOST_MAIL_FROM` applies."
        ),
        examples=["office@example.org"],
    )
    reply_to: Address = Field(
        description="Where replies go, unless Milepost receives replies itself.",
        examples=["office@example.org"],
    )


class Definition(Part):
    """A programme in one file."""

    id: Key = Field(
        description="Identifier of the programme. It never changes.",
        examples=["inclusive-growth-network"],
    )
    version: Annotated[int, Field(ge=1, strict=True)] = Field(
        description=(
            "Raise it by one for each change that you store. Running engagements keep the version "
            "they started with."
        ),
        examples=[2],
    )
    title: Title = Field(
        description="The name of the programme for people.", examples=["Inclusive Growth Network"]
    )
    text: Prose = Field(
        description="What the programme offers.",
        examples=["Research, advice and reviews for councils."],
    )
    host: Line = Field(
        description="The organisation that runs the programme.",
        examples=["Centre for Progressive Policy"],
    )
    funder: Line | None = Field(
        default=None,
        description="The organisation that pays for it.",
        examples=["Joseph Rowntree Foundation"],
    )
    supporters: tuple[Line, ...] = Field(
        default=(),
        description="Other organisations that help.",
        examples=[["Metro Dynamics", "RSA"]],
    )
    themes: tuple[Theme, ...] = Field(
        default=(), description="The subjects that a research request may be about."
    )
    roles: Annotated[dict[Role, RoleText], Field(min_length=1)] = Field(
        description="What each role is called here. Every role that the file uses must be listed."
    )
    mail: Mail = Field(description="Where emails come from and where replies go.")
    calendar: Annotated[UkCalendar | OpenCalendar, Field(discriminator="kind")] = Field(
        description="When the office works and when emails may leave."
    )
    soon: Span = Field(
        description="How long before its due date a task counts as due soon.", examples=["3wd"]
    )
    ladders: Annotated[dict[Key, Ladder], Field(min_length=1)] = Field(
        description="The ladders of reminders, each under a name of your choice."
    )
    onboarding: Onboarding = Field(description="How a member joins.")
    research: Research | None = Field(
        default=None,
        description="The stages of a research request. Without it, members cannot submit any.",
    )
    advice: Advice | None = Field(
        default=None, description="Advice sessions at an interval. Without it, there are none."
    )
    reviews: tuple[Review, ...] = Field(default=(), description="The review milestones.")
    digests: Digests = Field(default=Digests(), description="Summaries by email.")
    outage: Outage = Field(
        default=Outage(), description="What happens to emails that could not leave on time."
    )

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
