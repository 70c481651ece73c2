"""What the API answers about one notification: what became of it, why, and what to do about it."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field

from notifications.delivery.states import Choice
from services.views.records import Notification
from services.views.rows import MEMBER, PERSON, MemberRef, Ref, example

_ATTEMPT: dict[str, Any] = {
    "sender": "sendgrid",
    "at": "2027-01-11T09:00:01Z",
    "outcome": "unknown",
    "reason": "SendGrid did not answer in time.",
    "round": 0,
}
_NOTIFICATION: dict[str, Any] = {
    "id": "ntf_q7ab2c4d6e8fgh2jk3m5",
    "engagement": "eng_e8fgh2jk3m5q7ab2c4d6",
    "item": "itm_q7ab2c4d6e8fgh2jk3m5",
    "kind": "research.new",
    "task": "triage",
    "recipient": PERSON,
    "state": "unknown",
    "reason": "SendGrid did not answer in time.",
    "template": "en:0",
    "template_trouble": "",
    "not_before": None,
    "reserved_at": "2027-01-11T09:00:00Z",
    "changed_at": "2027-01-11T09:00:11Z",
    "sentence": "The email 'New request' to Ada Okafor may have been sent.",
    "round": 0,
    "resolution": "",
    "resolved_at": None,
    "choices": ["arrived", "send_again", "dismiss"],
    "attempts": [_ATTEMPT],
    "reports": [],
}


class Attempt(BaseModel):
    """One attempt to hand an email over."""

    sender: str
    at: datetime
    outcome: str
    reason: str
    round: int = Field(description="How often a person had had it sent again by then.")


class Report(BaseModel):
    """One report of the mail provider."""

    kind: str
    reason: str
    at: datetime
    received_at: datetime
    moved: bool = Field(description="Whether it changed the state.")


class NotificationDetail(Notification):
    """One notification with its attempts and reports."""

    model_config = example(_NOTIFICATION)
    engagement: str | None = Field(description="Nothing of a summary: it is about a programme.")
    sentence: str
    round: int = Field(description="How often a person has had it sent again.")
    resolution: str = Field(description="What a person said about its trouble, if anybody did.")
    resolved_at: datetime | None
    choices: list[Choice] = Field(description="What a manager may say about it now.")
    attempts: list[Attempt]
    reports: list[Report]


class Cause(BaseModel):
    """Something that happened, which led to the notification."""

    kind: str
    at: datetime
    data: dict[str, str]


class RuleFacts(BaseModel):
    """The rule that led to it. Without a ladder the process itself tells people."""

    programme: str
    version: int
    ladder: str
    rung: str
    offset: str
    to: list[str]


class DueFacts(BaseModel):
    """The date that it speaks of."""

    task: str
    revision: int
    at: datetime | None


class CalendarFacts(BaseModel):
    """The working calendar that held, and whether it kept the email back."""

    nation: str
    zone: str
    send_from: str
    send_until: str
    decided_at: datetime
    held_until: datetime | None
    why: str
    blackout: str


class Companion(BaseModel):
    """Another notification of the same email: several were late, and one email says them all."""

    id: str
    kind: str
    task: str
    member: str
    state: str


class ChoiceFacts(BaseModel):
    """What somebody's choices, or the spread of a morning's emails, did to it."""

    what: str = Field(
        description="`delegate`, `delegate_told`, `digest_sent`, `digest_silent`, `digest_to_come`,"
        " `quiet_day`, `suppressed`, `spread` or `language`."
    )
    at: datetime | None = Field(description="When: of the summary, the bounce, the end of a wait.")
    instead_of: datetime | None = Field(description="When it would have been due unspread.")
    until: date | None = Field(description="The last day of an absence, if you may know.")
    who: str = Field(description="Who stands in.")
    detail: str = Field(description="Languages, why an address takes nothing, spread minutes.")


class Explanation(BaseModel):
    """Why it was sent when it was, or why it was not."""

    model_config = example(
        {
            "notification": _NOTIFICATION,
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
        description="What made it untrue, where it was withheld for that."
    )
    rule: RuleFacts
    due: DueFacts | None
    calendar: CalendarFacts | None
    choices: list[ChoiceFacts]
    selector: str = Field(description="As whom its recipient was meant: lead, manager, team …")
    template: str
    carrier: Companion | None = Field(description="Whose email says it, where several were late.")
    carries: list[Companion] = Field(description="What else its email says, as far as you may see.")


class Trouble(BaseModel):
    """An email that a person has to look at."""

    model_config = example(
        {
            "notification": "ntf_q7ab2c4d6e8fgh2jk3m5",
            "engagement": "eng_e8fgh2jk3m5q7ab2c4d6",
            "member": MEMBER,
            "item": "itm_q7ab2c4d6e8fgh2jk3m5",
            "about": "Research request 1",
            "kind": "research.new",
            "recipient": PERSON,
            "state": "bounced",
            "sentence": "The email 'New request' to Ada Okafor came back.",
            "since": "2027-01-11T09:00:11Z",
            "choices": ["send_again", "dismiss"],
            "resolve": "/api/v1/notifications/ntf_q7ab2c4d6e8fgh2jk3m5/resolve",
        }
    )
    notification: str
    engagement: str | None = Field(description="Nothing of a summary.")
    member: MemberRef | None
    item: str | None = Field(description="Nothing of a summary.")
    about: str
    kind: str
    recipient: Ref | None = Field(description="Nothing where nobody was there to get it.")
    state: str
    sentence: str
    since: datetime
    choices: list[Choice]
    resolve: str = Field(description="Post what you have found out here.")
