"""The links that leave the office, built in one place."""

from urllib.parse import quote


def link_to(public_url: str, engagement_id: str, item_id: str = "", task: str = "") -> str:
    """The page about an engagement, or one of its items, at the task to act on.

    ``/go/engagements/<id>[/items/<item id>][#<task>]``: the API's own paths, behind ``/go``.
    """
    link = f"{public_url.rstrip('/')}/go/engagements/{quote(engagement_id, safe='')}"
    if item_id and item_id != engagement_id:
        link += f"/items/{quote(item_id, safe='')}"
    if task:
        link += f"#{quote(task, safe=':')}"
    return link


CALENDARS = "/calendars/"
"""Below it each path is a secret."""


def feed_link(public_url: str, secret: str) -> str:
    """The address of somebody's calendar, for programs that cannot send a token."""
    return f"{public_url.rstrip('/')}{CALENDARS}{secret}.ics"
