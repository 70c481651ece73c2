"""What the API answers about the past, the future and the mail: timeline, plan, notifications."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from notifications.calendar.ical import Method
from services.views.rows import PERSON, Ref, example


class TimelineEntry(BaseModel):
    """Something that happened, or that was sent."""

    model_config = example(
        {
            "at": "2027-01-11T09:00:00Z",
            "entry": "event",
            "kind": "research.submitted",
            "sentence": "Sian Hughes submitted a research request.",
            "item": "itm_q7ab2c4d6e8fgh2jk3m5",
            "who": {"id": "con_c4d6e8fgh2jk3m5q7ab2", "name": "Sian Hughes"},
            "state": "",
            "data": {},
            "text": "Which interventions raise pay in care work?",
        }
    )
    at: datetime
    entry: Literal["event", "notification"]
    kind: str
    sentence: str
    item: str
    who: Ref | None = Field(
        description="Who did it, nobody where Milepost did; or to whom it was sent."
    )
    state: str = Field(description="What became of a notification; empty for an event.")
    data: dict[str, str]
    text: str | None = Field(default=None, description="What was written. Not shown to viewers.")


class Notification(BaseModel):
    """What was to be told to whom, and what has become of it."""

    model_config = example(
        {
            "id": "ntf_q7ab2c4d6e8fgh2jk3m5",
            "item": "itm_q7ab2c4d6e8fgh2jk3m5",
            "kind": "research.new",
            "task": "triage",
            "recipient": PERSON,
            "state": "accepted",
            "reason": "",
            "template": "en:0",
            "template_trouble": "",
            "not_before": None,
            "reserved_at": "2027-01-11T09:00:00Z",
            "changed_at": "2027-01-11T09:00:02Z",
        }
    )
    id: str
    item: str
    kind: str
    task: str
    recipient: Ref | None
    state: str
    reason: str = Field(description="Why it was withheld or failed, in words.")
    template: str = Field(
        description="The templates that it was written from, as language and version: 0 is the "
        "built-in one. Empty before."
    )
    template_trouble: str = Field(
        description="Why the built-in template stood in for the office's own, in words."
    )
    not_before: datetime | None = Field(description="When it may leave, if not at once.")
    reserved_at: datetime
    changed_at: datetime


class Rung(BaseModel):
    """A reminder or an escalation that will be sent if nothing happens."""

    name: str
    at: datetime
    to: list[str]
    says: str


class PlannedDeadline(BaseModel):
    """One date of a plan, and the rule that it comes from."""

    key: str
    title: str
    owner: str
    due_at: datetime
    rule: str
    rungs: list[Rung]


class PlannedItem(BaseModel):
    """One process of a plan."""

    kind: str
    key: str
    title: str
    opens_at: datetime
    due_at: datetime
    deadlines: list[PlannedDeadline]


class Plan(BaseModel):
    """Every date of an engagement."""

    model_config = example(
        {
            "engagement": "eng_e8fgh2jk3m5q7ab2c4d6",
            "start": "2027-01-11",
            "onboarded_at": "2027-02-12T17:00:00Z",
            "items": [
                {
                    "kind": "onboarding",
                    "key": "onboarding",
                    "title": "Onboarding",
                    "opens_at": "2027-01-11T09:00:00Z",
                    "due_at": "2027-02-12T17:00:00Z",
                    "deadlines": [
                        {
                            "key": "step:agreement",
                            "title": "Sign the agreement",
                            "owner": "lead",
                            "due_at": "2027-01-25T17:00:00Z",
                            "rule": "10 working days after the start",
                            "rungs": [
                                {
                                    "name": "soon",
                                    "at": "2027-01-20T09:00:00Z",
                                    "to": ["owner"],
                                    "says": "reminder",
                                }
                            ],
                        }
                    ],
                }
            ],
        }
    )
    engagement: str
    start: date
    onboarded_at: datetime
    items: list[PlannedItem]


class MailEntry(BaseModel):
    """An email that the mailbox captured."""

    model_config = example(
        {
            "id": 12,
            "kind": "research.new",
            "to_name": "Ada Okafor",
            "to_email": "ada@example.org",
            "subject": "Cardiff Council has sent a research request",
            "at": "2027-01-11T09:00:02Z",
        }
    )
    id: int
    kind: str
    to_name: str
    to_email: str
    subject: str
    at: datetime


class Mail(MailEntry):
    """An email with both its parts."""

    model_config = example(
        {
            "id": 12,
            "kind": "research.new",
            "to_name": "Ada Okafor",
            "to_email": "ada@example.org",
            "subject": "Cardiff Council has sent a research request",
            "at": "2027-01-11T09:00:02Z",
            "text": "Dear Ada, …",
            "html": "<p>Dear Ada, …</p>",
            "calendar_method": None,
        }
    )
    text: str
    html: str
    calendar_method: Method | None = Field(
        description="What a calendar does with its calendar part; nothing where it has none."
    )


class Pending(BaseModel):
    """A command that is taken, whose record takes longer than usual."""

    model_config = example(
        {"state": "taken", "detail": "Your command is taken.", "location": "/api/v1/items/itm_1"}
    )
    state: Literal["taken"] = "taken"
    detail: str
    location: str = Field(description="Read this in a moment to see what came of it.")


class Liveness(BaseModel):
    """The process answers."""

    model_config = example({"status": "ok"})
    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """Each part that the API needs, and whether it is ready."""

    model_config = example(
        {
            "status": "ready",
            "checks": {"database": "ok", "migrations": "ok", "temporal": "ok"},
        }
    )
    status: Literal["ready", "reading"]
    """``reading``: Temporal is away, so pages and reads work and commands do not."""
    checks: dict[str, str]
