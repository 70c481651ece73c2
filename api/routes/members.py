"""Member organisations and their contacts."""

from typing import Annotated

from fastapi import Query, Request

from api.guard import Read, guarded_router
from api.problems import Problem
from api.readings import office as shown
from api.readings.parts import member_ref
from api.readings.sight import sight
from api.routes.answering import FOUND, READ
from api.routes.paging import Cursor, Limit, next_link
from api.schemas.fields import Id
from api.schemas.office import MemberDetail
from api.schemas.refs import MemberRef, Page
from storage.queries import members as stored

router = guarded_router("Members")

SearchText = Annotated[
    str | None,
    Query(max_length=100, pattern=r"^[^\x00]*$", description="Part of the member's name."),
]


@router.get("/members", summary="List members", responses=READ)
async def list_members(
    request: Request, call: Read, q: SearchText = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[MemberRef]:
    """The member organisations, by name. A member's contact sees its own."""
    async with call.desk.database.reading() as session:
        page = await stored.list_members(
            session, text=q, cursor=cursor, limit=limit, visible_to=sight(call.actor)
        )
    return Page(items=[member_ref(row) for row in page.rows], next=next_link(request, page.next))


@router.get("/members/{member_id}", summary="Show a member", responses=READ | FOUND)
async def show_member(member_id: Id, call: Read) -> MemberDetail:
    """A member organisation with its contacts and the periods in which nothing is sent to it."""
    async with call.desk.database.reading() as session:
        found = await stored.show_member(session, member_id, visible_to=sight(call.actor))
    if found is None:
        raise Problem("not-found")
    return shown.member(call.actor, found)
