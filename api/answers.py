"""What lists take, how they point at the next page, and what answers look like in OpenAPI."""

from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.responses import Response

from api.problems import Pending, documented

Cursor = Annotated[
    str | None,
    Query(max_length=600, description="Where the page starts: part of the `next` link."),
]
Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]


def next_link(request: Request, cursor: str | None) -> str | None:
    """The address of the next page: the same address with another cursor."""
    if cursor is None:
        return None
    url = request.url.include_query_params(cursor=cursor)
    return f"{url.path}?{url.query}"


API = "/api/v1"


class CalendarFile(Response):
    """An iCalendar text."""

    media_type = "text/calendar"


CALENDAR: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "An iCalendar text.",
        "content": {"text/calendar": {"example": "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"}},
    }
}
"""What a GET of a calendar answers."""


FOUND: dict[int | str, dict[str, Any]] = documented(404)
"""The 404 of a GET of one thing."""

READ: dict[int | str, dict[str, Any]] = {304: {"description": "Unchanged since your last read."}}
"""What every GET may answer besides success."""

EDIT: dict[int | str, dict[str, Any]] = documented(404, 409, 413, 415)
"""What a change of master data may answer besides success."""

COMMAND: dict[int | str, dict[str, Any]] = documented(404, 409, 413, 415, 503) | {
    202: {"model": Pending, "description": "The command is taken, but not recorded yet."}
}
"""What a command may answer besides success."""
