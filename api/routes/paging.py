"""What every list takes and how it points at its next page."""

from typing import Annotated

from fastapi import Query, Request

Cursor = Annotated[
    str | None,
    Query(max_length=600, description="Where the page starts: part of the `next` link."),
]
Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]


def next_link(request: Request, cursor: str | None) -> str | None:
    """The address of the next page: the same one with another cursor."""
    if cursor is None:
        return None
    url = request.url.include_query_params(cursor=cursor)
    return f"{url.path}?{url.query}"
