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
from services.problems import Problem

router = APIRouter(include_in_schema=False)


@lru_cache
def words() -> Mapping[str, Mapping[str, Any]]:
    """The catalogue, by part: ``standing`` has labels, ``answers`` the commands of each task."""
    return tomllib.loads(files("web").joinpath("words.toml").read_text(encoding="utf-8"))


_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


def is_embedded(request: Request) -> bool:
    """Whether emails stay in the mailbox, and the one who looks sits at the same computer.

    A proxy on this computer would make everybody look local, so whatever a proxy passed on does
    not count; and an office that has a public name may have a proxy that says nothing of itself.
    Nor does a request for another host name: a page elsewhere could have sent it here.
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


FORM_POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""Of a page with a form of its own; no other may send one."""


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
