"""A calendar at its secret address: what programs fetch that cannot send a token."""

import re

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.desk import Desk
from api.permissions import ROLES, Actor
from api.problems import Problem
from api.readings.calendar import my_calendar
from api.routes.answering import CalendarFile
from notifications.links import CALENDARS
from storage.master.tokens import hash_of
from storage.queries.calendar_feeds import reader_of

router = APIRouter(include_in_schema=False)

_SECRET = re.compile(r"mp_cal_[A-Za-z0-9_-]{43}", re.ASCII)


@router.api_route(CALENDARS + "{secret}.ics", methods=["GET", "HEAD"])
async def show_calendar(secret: str, request: Request) -> Response:
    """The calendar of whoever the address was made for. What was never given out, is ended, or
    belongs to somebody who has left, is not there."""
    desk: Desk = request.app.state.desk
    reader = None
    if _SECRET.fullmatch(secret):
        async with desk.database.reading() as session:
            reader = await reader_of(session, hash_of(secret))
    if reader is None or reader.role not in ROLES:
        raise Problem("not-found")
    actor = Actor(reader.holder_id, reader.role, reader.name, reader.member_id)
    return CalendarFile(
        await my_calendar(desk, actor), headers={"X-Robots-Tag": "noindex, nofollow"}
    )
