"""The timeline, notifications and tasks of an engagement."""

from fastapi import Request

from api.answers import FOUND, READ, Cursor, Limit, next_link
from api.fields import Id
from api.guard import Read, guarded_router
from notifications.sentences import Reader
from services.backend import Voice
from services.permissions import visibility
from services.problems import Problem
from services.views.notifications import Notification, notification_row
from services.views.rows import Page, Task, task_answer
from services.views.timeline import TimelineEntry, mentioned, timeline_entry
from storage.queries.access import names_of, place_of_engagement
from storage.queries.notifications import engagement_notifications
from storage.queries.tasks import engagement_tasks
from storage.queries.timeline import timeline

router = guarded_router("Records")


@router.get(
    "/engagements/{engagement_id}/timeline", summary="Show the timeline", responses=READ | FOUND
)
async def show_timeline(
    engagement_id: Id, request: Request, call: Read, cursor: Cursor = None, limit: Limit = 50
) -> Page[TimelineEntry]:
    """Show all events and notifications, the newest first."""
    voice = await _voice(call, engagement_id)
    async with call.backend.database.reading() as session:
        page = await timeline(
            session, engagement_id, cursor=cursor, limit=limit, visible_to=visibility(call.actor)
        )
        names = await names_of(session, mentioned(page.rows))
    reader = Reader(voice.titles, voice.clock, names)
    return Page(
        items=[timeline_entry(call.actor, row, reader) for row in page.rows],
        next=next_link(request, page.next),
    )


@router.get(
    "/engagements/{engagement_id}/notifications",
    summary="List an engagement's notifications",
    responses=READ | FOUND,
)
async def list_notifications(
    engagement_id: Id, request: Request, call: Read, cursor: Cursor = None, limit: Limit = 50
) -> Page[Notification]:
    """List the notifications with their recipients and delivery, the latest change first."""
    await _voice(call, engagement_id)
    async with call.backend.database.reading() as session:
        page = await engagement_notifications(
            session, engagement_id, cursor=cursor, limit=limit, visible_to=visibility(call.actor)
        )
    return Page(
        items=[notification_row(row) for row in page.rows], next=next_link(request, page.next)
    )


@router.get(
    "/engagements/{engagement_id}/tasks",
    summary="List an engagement's tasks",
    responses=READ | FOUND,
)
async def list_tasks(
    engagement_id: Id, request: Request, call: Read, cursor: Cursor = None, limit: Limit = 50
) -> Page[Task]:
    """List the open tasks and their owners, the earliest due first."""
    titles = (await _voice(call, engagement_id)).titles
    now = call.backend.now()
    async with call.backend.database.reading() as session:
        page = await engagement_tasks(
            session, engagement_id, cursor=cursor, limit=limit, visible_to=visibility(call.actor)
        )
    return Page(
        items=[
            task_answer(row.task, titles, now, texts=call.actor.reads_texts) for row in page.rows
        ],
        next=next_link(request, page.next),
    )


async def _voice(call: Read, engagement_id: str) -> Voice:
    """The words for the engagement. Raises the problem ``not-found``."""
    async with call.backend.database.reading() as session:
        place = await place_of_engagement(session, engagement_id)
    member = visibility(call.actor).member_id
    if place is None or member not in {None, place.member_id}:
        raise Problem("not-found")
    return await call.backend.definitions.voice(place.programme_id, place.programme_version)
