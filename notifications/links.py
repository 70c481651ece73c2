"""Builds every link in emails and feeds."""

from urllib.parse import quote

from itsdangerous import BadSignature, URLSafeSerializer


def link_to(public_url: str, engagement_id: str, item_id: str = "", task: str = "") -> str:
    """The link to the page of an engagement or item, at the task to do.

    ``/go/engagements/<id>[/items/<item id>][#<task>]``: the API's own paths, behind ``/go``.
    """
    link = f"{public_url.rstrip('/')}/go/engagements/{quote(engagement_id, safe='')}"
    if item_id and item_id != engagement_id:
        link += f"/items/{quote(item_id, safe='')}"
    if task:
        link += f"#{quote(task, safe=':')}"
    return link


CALENDARS = "/calendars/"
"""Each path below it is a secret."""


def feed_link(public_url: str, secret: str) -> str:
    """The address of a user's calendar feed, for programs that cannot send a token."""
    return f"{public_url.rstrip('/')}{CALENDARS}{secret}.ics"


_SALT = "milepost.unsubscribe"
_LONGEST = 400


def unsubscribe_link(public_url: str, secret: str, holder_id: str) -> str:
    """The unsubscribe address: email programs post to it (RFC 8058), and people may open it."""
    token = URLSafeSerializer(secret, salt=_SALT).dumps(holder_id)
    return f"{public_url.rstrip('/')}/unsubscribe/{token}"


def holder_of(token: str, secret: str) -> str | None:
    """The person whose link it is; ``None`` if the signature is wrong.

    A link never expires, because old emails have to work.
    """
    if not secret or len(token) > _LONGEST:
        return None
    try:
        holder = URLSafeSerializer(secret, salt=_SALT).loads(token)
    except BadSignature:
        return None
    return holder if isinstance(holder, str) else None
