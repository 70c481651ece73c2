"""The caller: identity, tasks, calendar and delivery problems."""

from fastapi import Request
from pydantic import BaseModel, Field

from api.answers import CALENDAR, READ, CalendarFile, Cursor, Limit, next_link
from api.guard import Read, guarded_router
from notifications.delivery.preferences import first_language_of
from services.permissions import RULES, visibility
from services.views.calendar import my_calendar
from services.views.notifications import Trouble, troubles_of
from services.views.rows import PERSON, Page, Task, example, task_answer
from storage.queries.tasks import my_tasks

router = guarded_router("Me")


class Me(BaseModel):
    """Who a token speaks for."""

    model_config = example({**PERSON, "role": "manager", "member": None, "may": ["show_me"]})
    id: str
    name: str
    role: str
    member: str | None = Field(description="The id of a contact's member.")
    may: list[str] = Field(description="The operations that the role may call.")


@router.get("/me", summary="Show who I am", responses=READ)
async def show_me(call: Read) -> Me:
    """Show the holder of the token and the operations that it may call."""
    actor = call.actor
    return Me(
        id=actor.holder_id,
        name=actor.name,
        role=actor.role,
        member=actor.member_id,
        may=sorted(operation for operation, rule in RULES.items() if actor.role in rule),
    )


@router.get("/me/tasks", summary="List my tasks", responses=READ)
async def list_my_tasks(
    request: Request, call: Read, cursor: Cursor = None, limit: Limit = 50
) -> Page[Task]:
    """List the caller's tasks in all engagements, the earliest due first. The language is the
    caller's choice for emails."""
    now = call.backend.now()
    async with call.backend.database.reading() as session:
        page = await my_tasks(
            session,
            call.actor.holder_id,
            cursor=cursor,
            limit=limit,
            visible_to=visibility(call.actor),
        )
        language = await first_language_of(session, call.actor.holder_id)
    tasks = []
    for row in page.rows:
        voice = await call.backend.definitions.voice(
            row.programme_id, row.programme_version, language
        )
        tasks.append(
            task_answer(row.task, voice.titles, now, row.member, texts=call.actor.reads_texts)
        )
    return Page(items=tasks, next=next_link(request, page.next))


@router.get(
    "/me/calendar.ics",
    summary="Show my calendar",
    response_class=CalendarFile,
    responses=READ | CALENDAR,
)
async def show_my_calendar(call: Read) -> CalendarFile:
    """Show the caller's open deadlines and confirmed sessions, as iCalendar (RFC 5545)."""
    return CalendarFile(await my_calendar(call.backend, call.actor))


@router.get("/me/troubles", summary="List my delivery problems", responses=READ)
async def list_my_troubles(
    request: Request, call: Read, cursor: Cursor = None, limit: Limit = 50
) -> Page[Trouble]:
    """List the emails that need the caller's attention, the longest waiting first.

    They failed, bounced, were dropped or marked as spam, have an unknown outcome, or had no
    recipient. A suppressed address counts once for all its emails. Emails that the sender has
    refused for 15 minutes are listed, too; they are retried. Every manager sees those of
    engagements without a manager.
    """
    troubles, further = await troubles_of(
        call.backend, call.actor, call.actor.holder_id, cursor=cursor, limit=limit
    )
    return Page(items=troubles, next=next_link(request, further))
