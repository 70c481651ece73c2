"""The pages: the mailbox, what a link from an email leads to, what a problem means."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response

from services.backend import OFFICE_CLOCK, Backend
from services.problems import Problem, catalogue
from storage.queries import mailbox
from web import links as go
from web.rendering import is_embedded, page, require_embedded, stylesheet

router = APIRouter(include_in_schema=False)

Cursor = Annotated[str | None, Query(max_length=600)]

MAIL_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)
"""An email may style itself, and nothing else: it loads nothing and runs nothing."""


@router.get("/mailbox", dependencies=[Depends(require_embedded)])
async def mails(request: Request, cursor: Cursor = None) -> HTMLResponse:
    """The captured emails."""
    backend: Backend = request.app.state.backend
    async with backend.database.reading() as session:
        found = await mailbox.list_mail(session, cursor=cursor)
    return page(
        request,
        "mailbox.html",
        page="mailbox",
        mails=found.rows,
        next=found.next,
        clock=OFFICE_CLOCK,
    )


@router.get("/mailbox/{mail_id}", dependencies=[Depends(require_embedded)])
async def mail(request: Request, mail_id: int) -> HTMLResponse:
    """One email."""
    found = await _mail(request, mail_id)
    return page(request, "mail.html", page="mailbox", mail=found, clock=OFFICE_CLOCK)


@router.get("/mailbox/{mail_id}/html", dependencies=[Depends(require_embedded)])
async def mail_html(request: Request, mail_id: int) -> HTMLResponse:
    """The HTML part of an email, for the frame in its page."""
    found = await _mail(request, mail_id)
    return HTMLResponse(
        found.html,
        headers={"Content-Security-Policy": MAIL_POLICY, "X-Frame-Options": "SAMEORIGIN"},
    )


@router.get("/mailbox/{mail_id}/invite.ics", dependencies=[Depends(require_embedded)])
async def mail_calendar(request: Request, mail_id: int) -> Response:
    """The calendar part of an email, to open in a calendar."""
    found = await _mail(request, mail_id)
    if found.calendar is None:
        raise Problem("not-found")
    return Response(
        found.calendar,
        media_type="text/calendar",
        headers={"Content-Disposition": 'attachment; filename="invite.ics"'},
    )


@router.get("/go/engagements/{engagement_id}")
@router.get("/go/engagements/{engagement_id}/items/{item_id}")
async def follow(request: Request, engagement_id: str, item_id: str = "") -> HTMLResponse:
    """What a link from an email leads to. It answers nothing: mail scanners open links too.

    Whoever is not known sees nothing about anybody, not even whether the engagement exists.
    """
    if not is_embedded(request):
        return page(request, "go.html", values=go.unknown(engagement_id, item_id))
    backend: Backend = request.app.state.backend
    return page(request, "go.html", values=await go.known(backend, engagement_id, item_id))


@router.get("/problems/{name}")
async def problem(request: Request, name: str) -> HTMLResponse:
    """What a problem's type means."""
    entry = catalogue().get(name, {})
    if "status" not in entry:
        raise Problem("not-found")
    return page(
        request,
        "problem.html",
        name=name,
        title=entry["title"],
        status=entry["status"],
        detail=entry.get("about", entry["detail"]),
    )


@router.get("/milepost.css")
async def css() -> Response:
    """The stylesheet."""
    return Response(
        stylesheet(), media_type="text/css", headers={"Cache-Control": "public, max-age=3600"}
    )


async def _mail(request: Request, mail_id: int) -> mailbox.Mail:
    backend: Backend = request.app.state.backend
    if not 0 < mail_id < 2**53:
        raise Problem("not-found")
    async with backend.database.reading() as session:
        found = await mailbox.show_mail(session, mail_id)
    if found is None:
        raise Problem("not-found")
    return found
