"""One notification as the API shows it: with its attempts, its reports, and why it is as it is."""

from dataclasses import asdict, replace
from datetime import datetime

from notifications.delivery.batching import BatchedEmail
from notifications.delivery.outdated import TimelineEvent
from notifications.delivery.states import choices_of
from notifications.explain.evidence import read_evidence
from notifications.explain.explanation import explain
from notifications.sentences import notification_sentence, reason_sentence
from notifications.titles import Titles
from notifications.words import item_title
from services.access import sight
from services.backend import Backend
from services.permissions import Actor, reach
from services.problems import Problem
from services.views import timeline as records
from services.views.notification_rows import (
    Attempt,
    CalendarFacts,
    Cause,
    ChoiceFacts,
    Companion,
    DueFacts,
    Explanation,
    NotificationDetail,
    Report,
    RuleFacts,
    Trouble,
)
from services.views.parts import member_ref, ref
from storage.queries import notifications as stored
from storage.queries.troubles import TroubleRow, reason_of


async def notification(backend: Backend, actor: Actor, notification_id: str) -> NotificationDetail:
    """One notification. Raises the problem ``not-found``."""
    async with backend.database.reading() as session:
        detail = await stored.show_notification(session, notification_id, visible_to=sight(actor))
    if detail is None:
        raise Problem("not-found")
    return notification_detail(actor, detail, backend.now())


async def explained(backend: Backend, actor: Actor, notification_id: str) -> Explanation:
    """Why it was sent when it was, or why it was not. Raises the problem ``not-found``."""
    async with backend.database.reading() as session:
        evidence = await read_evidence(
            session,
            notification_id,
            visible_to=sight(actor),
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


def _companion(one: BatchedEmail) -> Companion:
    return Companion(id=one.id, kind=one.kind, task=one.task, member=one.member, state=one.state)


def may_know_choices(actor: Actor) -> bool:
    """Whether they may know what everybody has chosen, and not only themselves."""
    return reach("show_contact_choices", actor.role) is not None


def notification_detail(
    actor: Actor, detail: stored.NotificationDetail, now: datetime
) -> NotificationDetail:
    """One notification with its attempts and reports."""
    row = replace(detail.row, reason=reason_of(detail.row, now))
    manager = reach("resolve_notification", actor.role) is not None
    return NotificationDetail(
        **records.notification(row).model_dump(),
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
    """An email that a person has to look at."""
    return Trouble(
        notification=row.id,
        engagement=row.engagement_id,
        member=member_ref(row.member) if row.member else None,
        item=row.item_id if row.engagement_id else None,
        about=item_title(row.item_kind, row.item_key, titles),
        kind=row.kind,
        recipient=ref(row.recipient) if row.recipient.name else None,
        state=row.state,
        sentence=notification_sentence(row.kind, row.state, row.reason, row.recipient.name),
        since=row.since,
        choices=list(choices_of(row.state, row.reason)),
        resolve=f"/api/v1/notifications/{row.id}/resolve",
    )
