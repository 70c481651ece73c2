"""What happened in an engagement, what was sent, and what is open."""

from fastapi import Request

from api.answers import FOUND, READ, Cursor, Limit, next_link
from api.fields import Id
from api.guard import Read, guarded_router
from notifications.sentences import Reader
from services.access import sight
from services.backend import Voice
from services.problems import Problem
from services.views import timeline as shown
from services.views.parts import task_answer
from services.views.records import Notification, TimelineEntry
from services.views.rows import Page, Task
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
    """Everything that happened and everything that was sent, the newest first."""
    voice = await _voice(call, engagement_id)
    async with call.backend.database.reading() as session:
        page = await timeline(
            session, engagement_id, cursor=cursor, limit=limit, visible_to=sight(call.actor)
        )
        names = await names_of(session, shown.mentioned(page.rows))
    reader = Reader(voice.titles, voice.clock, names)
    return Page(
        items=[shown.timeline_entry(call.actor, row, reader) for row in page.rows],
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
    """What was to be told to whom, and what has become of it; the latest change first."""
    await _voice(call, engagement_id)
    async with call.backend.database.reading() as session:
        page = await engagement_notifications(
            session, engagement_id, cursor=cursor, limit=limit, visible_to=sight(call.actor)
        )
    return Page(
        items=[shown.notification(row) for row in page.rows], next=next_link(request, page.next)
    )


@router.get(
    "/engagements/{engagement_id}/tasks",
    summary="List an engagement's tasks",
    responses=READ | FOUND,
)
async def list_tasks(
    engagement_id: Id, request: Request, call: Read, cursor: Cursor = None, limit: Limit = 50
) -> Page[Task]:
    """What is open and whose it is, the earliest due first."""
    titles = (await _voice(call, engagement_id)).titles
    now = call.backend.now()
    async with call.backend.database.reading() as session:
        page = await engagement_tasks(
            session, engagement_id, cursor=cursor, limit=limit, visible_to=sight(call.actor)
        )
    return Page(
        items=[
            task_answer(row.task, titles, now, texts=call.actor.reads_texts) for row in page.rows
        ],
        next=next_link(request, page.next),
    )


async def _voice(call: Read, engagement_id: str) -> Voice:
    """How to speak about the engagement. Raises the problem ``not-found``."""
    async with call.backend.database.reading() as session:
        place = await place_of_engagement(session, engagement_id)
    member = sight(call.actor).member_id
    if place is None or member not in {None, place.member_id}:
        raise Problem("not-found")
    return await call.backend.definitions.voice(place.programme_id, place.programme_version)
