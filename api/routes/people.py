"""The people of the office, of its funder and of its partners."""

from typing import Annotated, Literal

from fastapi import Query, Request

from api.guard import Read, guarded_router
from api.readings import office as shown
from api.routes.answering import READ
from api.routes.paging import Cursor, Limit, next_link
from api.schemas.office import Person
from api.schemas.refs import Page
from storage.queries import members as stored

router = guarded_router("People")

OfficeRole = Annotated[
    Literal["manager", "researcher", "adviser", "viewer"] | None,
    Query(description="Only people of that role."),
]


@router.get("/people", summary="List people", responses=READ)
async def list_people(
    request: Request, call: Read, role: OfficeRole = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[Person]:
    """The people of the office, of its funder and of its partners, by name."""
    async with call.desk.database.reading() as session:
        page = await stored.list_people(session, role=role, cursor=cursor, limit=limit)
    return Page(items=[shown.person(row) for row in page.rows], next=next_link(request, page.next))
