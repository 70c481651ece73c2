"""Renders the pages' templates: escaped, strict about what is missing."""

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from api.pages.embedded import is_embedded

FORM_POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""Of a page with a form of its own; no other may send one."""


@lru_cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("api.pages"),
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


@lru_cache
def stylesheet() -> str:
    """The one stylesheet."""
    return files("api.pages").joinpath("milepost.css").read_text(encoding="utf-8")
