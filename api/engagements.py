"""Engagements: the list, one in full, its plan, and the commands to it."""

from typing import Annotated, Literal

from fastapi import Query, Request, Response
from pydantic import Field

from api.answers import API, COMMAND, EDIT, FOUND, READ, Cursor, Limit, next_link
from api.fields import Body, Day, Id, Key, NewDate, Reason, shown
from api.guard import Call, Commanded, Edited, Read, guarded_router
from programmes.facts import EngagementStage
from programmes.vocabulary import Health
from services import engagements as commands
from services.engagements import StartOrder
from services.engagements import start_engagement as start
from services.permissions import visibility
from services.problems import RecordPending
from services.views import engagements as views
from services.views.engagements import Engagement, EngagementEntry
from services.views.plan import Plan, planned
from services.views.rows import Page
from storage.queries.engagement_order import EngagementFilter, Sort
from storage.queries.engagements import list_engagements as listed

router = guarded_router("Engagements")

SomeId = Annotated[str | None, Query(max_length=120, pattern=r"^[a-z0-9][a-z0-9_.:-]*$")]
SortedBy = Annotated[
    Sort,
    Query(
        description="`health` lists the worst first: stuck, overdue, due soon, on track. Within the"
        " first three, the earliest due date comes first. Ended engagements come last.",
        examples=["health"],
    ),
]
Open = Annotated[
    bool | None, Query(description="Only open engagements, or only those that have ended.")
]
SearchText = Annotated[
    str | None,
    Query(
        max_length=100,
        pattern=r"^[^\x00]*$",
        description="Part of the member's or the manager's name.",
    ),
]


class NewStart(Body):
    """A member that starts a programme."""

    model_config = shown(
        member="mem_k3m5q7ab2c4d6e8fgh2j",
        programme="inclusive-growth-network",
        start="2027-01-11",
        manager="per_k3m5q7ab2c4d6e8fgh2j",
        adviser="per_c4d6e8fgh2jk3m5q7ab2",
    )
    member: Key
    programme: Key
    version: Annotated[int, Field(ge=1, le=1_000_000)] | None = Field(
        default=None, description="The latest version, unless another one is named."
    )
    start: Day = Field(
        description="The first day, in the member's calendar. It may be in the past."
    )
    manager: Key | None = Field(default=None, description="The caller by default, if a manager.")
    adviser: Key | None = None


class Team(Body):
    """The manager and the adviser of an engagement. A role that is left out stays."""

    model_config = shown(manager="per_k3m5q7ab2c4d6e8fgh2j", adviser="per_c4d6e8fgh2jk3m5q7ab2")
    manager: Key | None = Field(default=None, description="An active person with that role.")
    adviser: Key | None = Field(
        default=None, description="An active person with that role, or a manager."
    )


@router.get("/engagements", summary="List engagements", responses=READ)
async def list_engagements(
    request: Request,
    call: Read,
    stage: EngagementStage | None = None,
    health: Health | None = None,
    open: Open = None,
    programme: SomeId = None,
    member: SomeId = None,
    manager: SomeId = None,
    q: SearchText = None,
    sort: SortedBy = "member",
    order: Literal["asc", "desc"] = "asc",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[EngagementEntry]:
    """List engagements, each with its health and the task that explains it."""
    where = EngagementFilter(
        stage=stage,
        health=health,
        open=open,
        programme_id=programme,
        member_id=member,
        manager_id=manager,
        text=q,
    )
    async with call.backend.database.reading() as session:
        page = await listed(
            session,
            call.backend.now(),
            where=where,
            sort=sort,
            descending=order == "desc",
            cursor=cursor,
            limit=limit,
            visible_to=visibility(call.actor),
        )
    rows = await views.entries(call.backend, page.rows, texts=call.actor.reads_texts)
    return Page(items=rows, next=next_link(request, page.next))


@router.get("/engagements/{engagement_id}", summary="Show an engagement", responses=READ | FOUND)
async def show_engagement(engagement_id: Id, call: Read) -> Engagement:
    """Show an engagement with its items and open tasks."""
    return await views.engagement(call.backend, call.actor, engagement_id)


@router.get("/engagements/{engagement_id}/plan", summary="Show the plan", responses=READ | FOUND)
async def show_plan(engagement_id: Id, call: Read) -> Plan:
    """Show every date of an engagement as of today, and the rule behind each."""
    return await planned(call.backend, call.actor, engagement_id)


@router.post("/engagements", summary="Start an engagement", status_code=201, responses=COMMAND)
async def start_engagement(body: NewStart, response: Response, call: Commanded) -> Engagement:
    """Start a member in a programme. The onboarding opens, and the plan counts from the start.

    A member has one open engagement in a programme.
    """
    order = StartOrder(
        member_id=body.member,
        programme_id=body.programme,
        start=body.start,
        version=body.version,
        manager_id=body.manager,
        adviser_id=body.adviser,
    )
    started = await start(call.backend, call.actor, order, key=call.key)
    response.headers["Location"] = f"{API}/engagements/{started.engagement_id}"
    return await engagement_state(call, started.engagement_id, started.answer)


@router.patch(
    "/engagements/{engagement_id}", summary="Give an engagement another team", responses=EDIT
)
async def assign_engagement(engagement_id: Id, body: Team, call: Edited) -> Engagement:
    """Give an engagement another manager or adviser. The open tasks become theirs, and one
    email lists them. Refused for a person who is inactive or has another role."""
    await commands.assign_team(
        call.backend, call.actor, engagement_id, manager=body.manager, adviser=body.adviser
    )
    return await views.engagement(call.backend, call.actor, engagement_id)


@router.post(
    "/engagements/{engagement_id}/withdraw", summary="Withdraw an engagement", responses=COMMAND
)
async def withdraw_engagement(engagement_id: Id, body: Reason, call: Commanded) -> Engagement:
    """End the engagement of a member that leaves. Open items close, and their people get the
    reason."""
    taken = await commands.withdraw_engagement(
        call.backend, call.actor, engagement_id, body.reason, key=call.key
    )
    return await engagement_state(call, engagement_id, taken)


@router.post(
    "/engagements/{engagement_id}/complete", summary="Complete an engagement", responses=COMMAND
)
async def complete_engagement(engagement_id: Id, call: Commanded) -> Engagement:
    """Complete the engagement of a member. Refused with its blockers while items are open."""
    taken = await commands.complete_engagement(
        call.backend, call.actor, engagement_id, key=call.key
    )
    return await engagement_state(call, engagement_id, taken)


@router.post(
    "/engagements/{engagement_id}/reviews/{review}/move",
    summary="Move a review that is to come",
    responses=COMMAND,
)
async def move_review(engagement_id: Id, review: Id, body: NewDate, call: Commanded) -> Engagement:
    """Give a review that has not opened another due date. Later reviews follow.

    To move an open review, move its deadline.
    """
    taken = await commands.move_review(
        call.backend, call.actor, engagement_id, review, body.due, body.reason, key=call.key
    )
    return await engagement_state(call, engagement_id, taken)


async def engagement_state(call: Call, engagement_id: str, taken: commands.Taken) -> Engagement:
    """The engagement after a command to it. Raises ``RecordPending``."""
    if taken is None:
        raise RecordPending(f"{API}/engagements/{engagement_id}")
    return await views.engagement(call.backend, call.actor, engagement_id)
