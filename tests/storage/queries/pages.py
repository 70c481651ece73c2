"""Reads a list to its end, page by page."""

from collections.abc import Awaitable, Callable
from typing import Any

from storage.queries.paging import Page


async def every_row(
    read: Callable[[str | None], Awaitable[Page[Any]]], *, most: int = 20
) -> list[Any]:
    """All rows, page after page."""
    rows: list[Any] = []
    cursor: str | None = None
    for _ in range(most):
        page = await read(cursor)
        rows += page.rows
        cursor = page.next
        if cursor is None:
            return rows
    raise AssertionError("the pages have no end")
