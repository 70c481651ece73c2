"""A list of one engagement's items of one kind."""

from fastapi import Request

from api.answers import next_link
from api.guard import Call
from services.access import sight
from services.problems import Problem
from services.views import items as shown
from services.views.rows import ListedItem, Page
from storage.queries.access import place_of_engagement
from storage.queries.items import ItemFilter, list_items


async def items_of(
    call: Call, request: Request, engagement_id: str, kind: str, cursor: str | None, limit: int
) -> Page[ListedItem]:
    """The latest opened first. Raises the problem ``not-found``."""
    seen = sight(call.actor)
    async with call.backend.database.reading() as session:
        place = await place_of_engagement(session, engagement_id)
        if place is None or seen.member_id not in {None, place.member_id}:
            raise Problem("not-found")
        page = await list_items(
            session,
            ItemFilter(engagement_id=engagement_id, kind=kind),
            cursor=cursor,
            limit=limit,
            visible_to=seen,
        )
    return Page(
        items=await shown.listed(call.backend, page.rows), next=next_link(request, page.next)
    )
