"""How pages are made: templates, words, the stylesheet, and who may see the embedded ones."""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from services.backend import Backend
from services.permissions import Actor
from services.problems import Problem

router = APIRouter(include_in_schema=False)


@lru_cache
def words() -> Mapping[str, Mapping[str, Any]]:
    """The words of ``words.toml``: ``health`` has labels, ``answers`` the commands of each task."""
    return tomllib.loads(files("web").joinpath("words.toml").read_text(encoding="utf-8"))


_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


def is_embedded(request: Request) -> bool:
    """Whether emails stay in the mailbox, and the user sits at this computer.

    A request through a proxy on this computer would look local, so a proxy's headers rule it
    out. An office with a public name may have a silent proxy, so that rules it out, too. So
    does another host name in the request, because a foreign page could have sent it.
    """
    backend: Backend = request.app.state.backend
    return (
        backend.settings.sender == "mailbox"
        and _is_loopback(urlsplit(backend.settings.public_url).hostname or "")
        and request.client is not None
        and _is_loopback(request.client.host)
        and _is_loopback(request.url.hostname or "")
        and not any(name in request.headers for name in _FORWARDED)
    )


READER = Actor("embedded", "manager")
"""The user at the embedded product's own computer. ``require_embedded`` comes before its use."""


async def require_embedded(request: Request) -> None:
    """Raise the problem ``not-found`` unless embedded, so that these pages stay hidden."""
    if not is_embedded(request):
        raise Problem("not-found")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


FORM_POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""The policy of a page with a form. No other page may send one."""


@lru_cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(
    request: Request, template: str, values: Mapping[str, object] | None = None, **more: object
) -> HTMLResponse:
    """A page. The value ``page`` names the one that the navigation marks."""
    shared = {"embedded": is_embedded(request), "page": ""}
    return HTMLResponse(
        _templates().get_template(template).render({**shared, **(values or {}), **more})
    )


@router.get("/milepost.css")
async def css() -> Response:
    """The stylesheet."""
    text = files("web").joinpath("milepost.css").read_text(encoding="utf-8")
    return Response(text, media_type="text/css", headers={"Cache-Control": "public, max-age=3600"})
