"""Notifications: the rows of lists, one with its attempts and reports, and delivery problems."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, Field

from notifications.delivery.resolving import Choice, choices_of
from notifications.sentences import notification_sentence, reason_sentence
from notifications.words import Titles, item_title
from services.backend import Backend
from services.permissions import Actor, reach, require, visibility
from services.problems import Problem
from services.views.rows import MEMBER, PERSON, MemberRef, Ref, example, member_ref, ref
from storage.queries import notifications as stored
from storage.queries.notifications import NotificationRow
from storage.queries.troubles import TroubleRow, list_troubles, reason_of

_ATTEMPT: dict[str, Any] = {
    "sender": "sendgrid",
    "at": "2027-01-11T09:00:01Z",
    "outcome": "unknown",
    "reason": "SendGrid did not answer in time.",
    "round": 0,
}

NOTIFICATION: dict[str, Any] = {
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


class Notification(BaseModel):
    """The intent to tell one recipient one thing, and its delivery."""

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
        description="The templates that it was written from, as language and version. 0 is the "
        "built-in one. Empty before it is written."
    )
    template_trouble: str = Field(
        description="Why the built-in template replaced the office's own, in words."
    )
    not_before: datetime | None = Field(description="When it may leave, if not at once.")
    reserved_at: datetime
    changed_at: datetime


class Attempt(BaseModel):
    """One attempt to send an email."""

    sender: str
    at: datetime
    outcome: str
    reason: str
    round: int = Field(description="How often it had been sent again by request at that time.")


class Report(BaseModel):
    """One report of the mail provider."""

    kind: str
    reason: str
    at: datetime
    received_at: datetime
    moved: bool = Field(description="Whether it changed the state.")


class NotificationDetail(Notification):
    """One notification with its attempts and reports."""

    model_config = example(NOTIFICATION)
    engagement: str | None = Field(description="Null for a summary, which is about a programme.")
    sentence: str
    round: int = Field(description="How often it has been sent again by request.")
    resolution: str = Field(description="The manager's choice about its problem, if one was made.")
    resolved_at: datetime | None
    choices: list[Choice] = Field(description="What a manager may choose now.")
    attempts: list[Attempt]
    reports: list[Report]


class Trouble(BaseModel):
    """An email that needs a manager's attention."""

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
            "reason": "There is no such address. Check it.",
            "sentence": "The email 'New request' to Ada Okafor came back.",
            "since": "2027-01-11T09:00:11Z",
            "choices": ["send_again", "dismiss"],
            "resolve": "/api/v1/notifications/ntf_q7ab2c4d6e8fgh2jk3m5/resolve",
        }
    )
    notification: str
    engagement: str | None = Field(description="Null for a summary.")
    member: MemberRef | None
    item: str | None = Field(description="Null for a summary.")
    about: str
    kind: str
    recipient: Ref | None = Field(description="Null if no person held the role.")
    state: str
    reason: str = Field(description="Why, in words.")
    sentence: str
    since: datetime
    choices: list[Choice]
    resolve: str = Field(description="The address to which to post the choice.")


def notification_row(row: NotificationRow) -> Notification:
    """One notification of the ledger."""
    return Notification(
        id=row.id,
        item=row.item_id,
        kind=row.kind,
        task=row.task,
        recipient=ref(row.recipient) if row.recipient.name else None,
        state=row.state,
        reason=reason_sentence(row.reason),
        template=row.template,
        template_trouble=reason_sentence(row.template_trouble),
        not_before=row.not_before,
        reserved_at=row.reserved_at,
        changed_at=row.changed_at,
    )


async def notification(backend: Backend, actor: Actor, notification_id: str) -> NotificationDetail:
    """One notification. Raises the problem ``not-found``."""
    require(actor, "show_notification")
    async with backend.database.reading() as session:
        detail = await stored.show_notification(
            session, notification_id, visible_to=visibility(actor)
        )
    if detail is None:
        raise Problem("not-found")
    return notification_detail(actor, detail, backend.now())


def notification_detail(
    actor: Actor, detail: stored.NotificationDetail, now: datetime
) -> NotificationDetail:
    """One notification with its attempts and reports."""
    row = replace(detail.row, reason=reason_of(detail.row, now))
    manager = reach("resolve_notification", actor.role) is not None
    return NotificationDetail(
        **notification_row(row).model_dump(),
        engagement=row.engagement_id,
        sentence=notification_sentence(row.kind, row.state, row.reason, row.recipient.name),
        round=detail.round,
        resolution=detail.resolution,
        resolved_at=detail.resolved_at,
        choices=list(choices_of(row.state, row.reason))
        if manager and not detail.resolution
        else [],
        attempts=[
            Attempt(
                sender=one.sender,
                at=one.at,
                outcome=one.outcome,
                reason=reason_sentence(one.detail) if one.outcome != "accepted" else "",
                round=one.round,
            )
            for one in detail.attempts
        ],
        reports=[
            Report(
                kind=one.kind,
                reason=reason_sentence(one.code),
                at=one.at,
                received_at=one.received_at,
                moved=one.moved,
            )
            for one in detail.reports
        ],
    )


def trouble(row: TroubleRow, titles: Titles) -> Trouble:
    """An email that needs a manager's attention."""
    return Trouble(
        notification=row.id,
        engagement=row.engagement_id,
        member=member_ref(row.member) if row.member else None,
        item=row.item_id if row.engagement_id else None,
        about=item_title(row.item_kind, row.item_key, titles),
        kind=row.kind,
        recipient=ref(row.recipient) if row.recipient.name else None,
        state=row.state,
        reason=reason_sentence(row.reason),
        sentence=notification_sentence(row.kind, row.state, row.reason, row.recipient.name),
        since=row.since,
        choices=list(choices_of(row.state, row.reason)),
        resolve=f"/api/v1/notifications/{row.id}/resolve",
    )


async def troubles_of(
    backend: Backend,
    actor: Actor,
    manager_id: str | None = None,
    *,
    cursor: str | None = None,
    limit: int,
) -> tuple[list[Trouble], str | None]:
    """A page of emails that need attention, of one manager or all, and the next page's cursor."""
    require(actor, "list_my_troubles")
    async with backend.database.reading() as session:
        page = await list_troubles(
            session,
            backend.now(),
            timedelta(seconds=backend.settings.unknown_after),
            manager_id=manager_id,
            cursor=cursor,
            limit=limit,
        )
    troubles = []
    for row in page.rows:
        voice = await backend.definitions.voice(row.programme_id, row.programme_version)
        troubles.append(trouble(row, voice.titles))
    return troubles, page.next
