"""Why a notification was sent when it was, or why it was not: the sentences and their facts."""

from dataclasses import asdict
from datetime import date, datetime

from pydantic import BaseModel, Field

from notifications.delivery import batching
from notifications.delivery.outdated import TimelineEvent
from notifications.explain.evidence import read_evidence
from notifications.explain.explanation import explain
from services.backend import Backend
from services.permissions import Actor, reach, require, visibility
from services.problems import Problem
from services.views.notifications import NOTIFICATION, NotificationDetail, notification_detail
from services.views.rows import example


class Cause(BaseModel):
    """An event that led to the notification."""

    kind: str
    at: datetime
    data: dict[str, str]


class RuleFacts(BaseModel):
    """The rule that led to it. Without a ladder the process itself sends it."""

    programme: str
    version: int
    ladder: str
    rung: str
    offset: str
    to: list[str]


class DueFacts(BaseModel):
    """The date that it is about."""

    task: str
    revision: int
    at: datetime | None


class CalendarFacts(BaseModel):
    """The working calendar that applied, and whether it delayed the email."""

    nation: str
    zone: str
    send_from: str
    send_until: str
    decided_at: datetime
    held_until: datetime | None
    why: str
    blackout: str


class Companion(BaseModel):
    """Another notification in the same email, which combines several late ones."""

    id: str
    kind: str
    task: str
    member: str
    state: str


class ChoiceFacts(BaseModel):
    """The effect of a recipient's choices, or of spreading a morning's emails."""

    what: str = Field(
        description="`delegate`, `delegate_told`, `digest_sent`, `digest_silent`, `digest_to_come`,"
        " `quiet_day`, `suppressed`, `spread` or `language`."
    )
    at: datetime | None = Field(description="When: of the summary, the bounce, the end of a wait.")
    instead_of: datetime | None = Field(description="When it would have been due unspread.")
    until: date | None = Field(description="The last day of an absence, if you may know.")
    who: str = Field(description="The delegate.")
    detail: str = Field(description="Languages, why an address takes nothing, spread minutes.")


class Explanation(BaseModel):
    """Why it was sent when it was, or why it was not."""

    model_config = example(
        {
            "notification": NOTIFICATION,
            "sentences": ["The email 'Reminder' to Ada Okafor was sent."],
            "events": [{"kind": "rung.fired", "at": "2027-01-11T09:00:00Z", "data": {}}],
            "overtaken": None,
            "rule": {
                "programme": "inclusive-growth-network",
                "version": 1,
                "ladder": "member",
                "rung": "early",
                "offset": "-5wd",
                "to": ["owner"],
            },
            "due": {"task": "triage", "revision": 1, "at": "2027-01-19T17:00:00Z"},
            "calendar": {
                "nation": "WLS",
                "zone": "Europe/London",
                "send_from": "09:00",
                "send_until": "16:30",
                "decided_at": "2027-01-11T09:00:00Z",
                "held_until": None,
                "why": "",
                "blackout": "",
            },
            "choices": [
                {
                    "what": "delegate",
                    "at": None,
                    "instead_of": None,
                    "until": "2027-01-15",
                    "who": "Bola Ade",
                    "detail": "",
                }
            ],
            "selector": "manager",
            "template": "research.reminder",
            "carrier": None,
            "carries": [],
        }
    )
    notification: NotificationDetail
    sentences: list[str]
    events: list[Cause]
    overtaken: Cause | None = Field(
        description="What made it outdated, if it was withheld for that."
    )
    rule: RuleFacts
    due: DueFacts | None
    calendar: CalendarFacts | None
    choices: list[ChoiceFacts]
    selector: str = Field(
        description="The role for which the recipient got it: lead, manager, team …"
    )
    template: str
    carrier: Companion | None = Field(
        description="The notification whose email contains this one, if several were late."
    )
    carries: list[Companion] = Field(
        description="The other notifications in its email, as far as you may see them."
    )


async def explained(backend: Backend, actor: Actor, notification_id: str) -> Explanation:
    """Why it was sent when it was, or why it was not. Raises the problem ``not-found``."""
    require(actor, "explain_notification")
    async with backend.database.reading() as session:
        evidence = await read_evidence(
            session,
            notification_id,
            visible_to=visibility(actor),
            choices_of=None if may_know_choices(actor) else actor.holder_id,
        )
    if evidence is None:
        raise Problem("not-found")
    found = explain(evidence)
    return Explanation(
        notification=notification_detail(actor, evidence.detail, backend.now()),
        sentences=list(found.sentences),
        events=[_cause(one) for one in found.events],
        overtaken=_cause(found.outdated_by) if found.outdated_by else None,
        rule=RuleFacts(**asdict(found.rule)),
        due=DueFacts(**asdict(found.due)) if found.due else None,
        calendar=CalendarFacts(**asdict(found.calendar)) if found.calendar else None,
        choices=[ChoiceFacts(**asdict(one)) for one in found.effects],
        selector=found.selector,
        template=found.template,
        carrier=_companion(found.carrier) if found.carrier else None,
        carries=[_companion(one) for one in found.carries],
    )


def _cause(one: TimelineEvent) -> Cause:
    return Cause(kind=one.kind, at=one.at, data=dict(one.data))


def _companion(one: batching.BatchedEmail) -> Companion:
    return Companion(id=one.id, kind=one.kind, task=one.task, member=one.member, state=one.state)


def may_know_choices(actor: Actor) -> bool:
    """Whether the caller may know the choices of other recipients."""
    return reach("show_contact_choices", actor.role) is not None
