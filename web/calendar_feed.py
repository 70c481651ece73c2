"""A calendar at its secret address, for programs that cannot send a token."""

import re

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.backend import Backend
from services.calendar_feeds import CALENDARS
from services.permissions import ROLES, Actor
from services.problems import Problem
from services.views.calendar import my_calendar
from storage.master.tokens import hash_of
from storage.queries.calendar import reader_of

router = APIRouter(include_in_schema=False)

_SECRET = re.compile(r"mp_cal_[A-Za-z0-9_-]{43}", re.ASCII)


@router.api_route(CALENDARS + "{secret}.ics", methods=["GET", "HEAD"])
async def show_calendar(secret: str, request: Request) -> Response:
    """The calendar of the address's holder. Answers ``not-found`` for an unknown or ended
    address, and for a holder who has left."""
    backend: Backend = request.app.state.backend
    reader = None
    if _SECRET.fullmatch(secret):
        async with backend.database.reading() as session:
            reader = await reader_of(session, hash_of(secret))
    if reader is None or reader.role not in ROLES:
        raise Problem("not-found")
    actor = Actor(reader.holder_id, reader.role, reader.name, reader.member_id)
    return Response(
        await my_calendar(backend, actor),
        media_type="text/calendar",
        headers={"X-Robots-Tag": "noindex, nofollow"},
    )
