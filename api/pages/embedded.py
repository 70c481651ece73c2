"""Whether the pages that need no token may be shown: the embedded product, seen from its own
computer."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from fastapi import Request

from api.desk import Desk
from api.problems import Problem

_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


def is_embedded(request: Request) -> bool:
    """Whether emails stay in the mailbox, and the one who looks sits at the same computer.

    A proxy on this computer would make everybody look local, so whatever a proxy passed on does
    not count; and an office that has a public name may have a proxy that says nothing of itself.
    Nor does a request for another host name: a page elsewhere could have sent it here.
    """
    desk: Desk = request.app.state.desk
    return (
        desk.settings.sender == "mailbox"
        and _is_loopback(urlsplit(desk.settings.public_url).hostname or "")
        and request.client is not None
        and _is_loopback(request.client.host)
        and _is_loopback(request.url.hostname or "")
        and not any(name in request.headers for name in _FORWARDED)
    )


def require_embedded(request: Request) -> None:
    """Raise the problem ``not-found`` otherwise: to anybody else these pages do not exist."""
    if not is_embedded(request):
        raise Problem("not-found")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
