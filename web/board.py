"""The board: the health of all engagements, as totals and page by page."""

from datetime import timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from services.backend import OFFICE_CLOCK, Backend
from services.views.engagements import entries
from storage.queries.engagement_order import EngagementFilter
from storage.queries.engagements import (
    HealthGroup,
    count_engagements,
    list_engagements,
)
from storage.queries.troubles import count_troubles
from web.rendering import FORM_POLICY, page, require_embedded, words

router = APIRouter(include_in_schema=False)

A_PAGE = 100
"""Rows per page: more than most offices have members, and still quick to load."""

Searched = Annotated[str, Query(max_length=100, pattern=r"^[^\x00]*$")]
Cursor = Annotated[str | None, Query(max_length=600)]


@router.get("/", dependencies=[Depends(require_embedded)])
async def board(
    request: Request, health: HealthGroup | None = None, q: Searched = "", cursor: Cursor = None
) -> HTMLResponse:
    """All engagements, the worst first, so that a manager sees at once who is stuck and why.

    ``health`` and ``q`` filter the rows. The totals count all engagements that ``q`` finds.
    """
    backend: Backend = request.app.state.backend
    now, text = backend.now(), q.strip()
    wait = timedelta(seconds=backend.settings.unknown_after)
    async with backend.database.reading() as session:
        counts = await count_engagements(session, now, where=EngagementFilter(text=text))
        found = await list_engagements(
            session, now, where=_where(health, text), sort="health", cursor=cursor, limit=A_PAGE
        )
        troubled = await count_troubles(session, now, wait)
    rows = await entries(backend, found.rows, texts=True)
    found_in_all = sum(counts.values())
    answer = page(
        request,
        "board.html",
        page="board",
        rows=rows,
        labels=words()["health"],
        counts=counts,
        found_in_all=found_in_all,
        total=counts[health] if health else found_in_all,
        chosen=health,
        q=text,
        troubles=sum(troubled.values()),
        troubled=troubled,
        clock=OFFICE_CLOCK,
        now=OFFICE_CLOCK.moment(now),
        begun=cursor is not None,
        next=found.next,
        address=_address,
    )
    answer.headers["Content-Security-Policy"] = FORM_POLICY
    return answer


def _where(group: HealthGroup | None, text: str) -> EngagementFilter:
    if group is None:
        return EngagementFilter(text=text)
    if group == "ended":
        return EngagementFilter(text=text, open=False)
    return EngagementFilter(text=text, open=True, health=group)


def _address(health: str | None, q: str, cursor: str | None = None) -> str:
    """The board's address with these choices."""
    given = {"health": health, "q": q, "cursor": cursor}
    chosen = urlencode({name: value for name, value in given.items() if value})
    return f"/?{chosen}" if chosen else "/"
