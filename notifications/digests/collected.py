"""Collected reminders: who has any, and which would miss their date in a summary."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.content.message import recipient_calendar
from notifications.content.programme import newest_definition
from notifications.delivery.ledger import Waiting
from notifications.delivery.preferences import read_choices
from notifications.delivery.recipient import in_time_for_summary
from notifications.feedback.suppression import superseded
from programmes.calendar import calendar_from_json
from programmes.vocabulary import Digest
from storage.roles import CONTACT_PREFIX
from storage.sql import deliveries, engagements, notifications, tasks

_MAY_HAVE_GONE = ("claimed", "overtaken", "accepted", "unknown")
"""The outcomes of attempts after which a summary may have arrived."""

AT_ONCE = 500
"""How many are found in one run; the next run finds the rest."""


async def collected_for(
    session: AsyncSession, programme_id: str, holder_ids: Iterable[str]
) -> dict[str, bool]:
    """The recipients who have reminders collected about open tasks of a programme.

    The value says whether one of these was in no summary yet.
    """
    c = notifications.c
    query = _of_open_tasks(c.recipient_id, _told().label("told")).where(
        engagements.c.programme_id == programme_id, c.recipient_id.in_(list(holder_ids))
    )
    found: dict[str, bool] = {}
    for row in await session.execute(query.distinct()):
        found[row.recipient_id] = found.get(row.recipient_id, False) or not row.told
    return found


async def missed_by_summaries(session: AsyncSession, now: datetime) -> list[Waiting]:
    """Collected reminders that no summary includes before their date, so they go as single emails.

    Choices, the definition or a date may have changed, or a summary did not leave. Of several about
    one task only the latest goes.
    """
    c = notifications.c
    query = (
        _of_open_tasks(
            *(c.id, c.round, c.recipient_id, tasks.c.due_at),
            *(engagements.c.programme_id, engagements.c.calendar),
        )
        .where(engagements.c.closed_at.is_(None), tasks.c.due_at > now, ~_told(), ~superseded())
        .order_by(tasks.c.due_at, c.id)
        .limit(AT_ONCE)
    )
    rows = (await session.execute(query)).all()
    chosen = await read_choices(session, [row.recipient_id for row in rows])
    newest = {id: await newest_definition(session, id) for id in {row.programme_id for row in rows}}
    found = []
    for row in rows:
        side: Digest = "member" if row.recipient_id.startswith(CONTACT_PREFIX) else "manager"
        theirs, definition = chosen[row.recipient_id], newest[row.programme_id]
        planned_with = calendar_from_json(row.calendar)
        calendar = recipient_calendar(planned_with, definition, row.recipient_id)
        if not in_time_for_summary(definition, side, theirs, calendar, row.due_at, now):
            found.append(Waiting(row.id, row.round))
    return found


def _of_open_tasks(*columns: ColumnElement[Any]) -> Select[Any]:
    """A query over collected reminders whose task is open with the same date."""
    c = notifications.c
    return (
        select(*columns)
        .select_from(
            notifications.join(
                tasks,
                (tasks.c.item_id == c.item_id)
                & (tasks.c.key == c.task)
                & (tasks.c.revision == c.revision),
            ).join(engagements, engagements.c.id == c.engagement_id)
        )
        .where(c.state == "withheld", c.reason == "in_digest")
    )


def _told() -> ColumnElement[bool]:
    """Whether a summary of the programme has left for the recipient since."""
    c, summary = notifications.c, notifications.alias("summary")
    return (
        select(deliveries.c.id)
        .join(summary, summary.c.id == deliveries.c.notification_id)
        .where(
            summary.c.recipient_id == c.recipient_id,
            summary.c.engagement_id.is_(None),
            summary.c.item_id == engagements.c.programme_id + "." + summary.c.kind,
            deliveries.c.at >= c.changed_at,
            deliveries.c.outcome.in_(_MAY_HAVE_GONE),
        )
        .correlate(notifications, engagements)
        .exists()
    )
