"""The mailbox: the emails that the default sender captured instead of sending."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response

from services.backend import OFFICE_CLOCK, Backend
from services.problems import Problem
from services.views import mailbox as views
from web.rendering import READER, page, require_embedded, words

router = APIRouter(include_in_schema=False)

A_PAGE = 50
"""Emails per page."""

Cursor = Annotated[str | None, Query(max_length=600)]

Skip = Annotated[int, Query(ge=0, le=100_000)]
"""How many of the emails that wait were on the pages before."""

MAIL_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)
"""An email may have styles. It loads nothing and runs no scripts."""


@router.get("/mailbox", dependencies=[Depends(require_embedded)])
async def mails(request: Request, cursor: Cursor = None, waiting: Skip = 0) -> HTMLResponse:
    """A page of the emails that wait, and one of the captured emails."""
    backend: Backend = request.app.state.backend
    found, further = await views.mails(backend, READER, cursor, A_PAGE)
    listed, more = await views.waiting_mails(backend, READER, waiting, A_PAGE)
    return page(
        request,
        "mailbox.html",
        page="mailbox",
        mails=found,
        waiting=listed if cursor is None else [],
        more_waiting=waiting + A_PAGE if more else None,
        why=words()["waiting"],
        next=further,
        clock=OFFICE_CLOCK,
    )


@router.get("/mailbox/waiting/{notification_id}", dependencies=[Depends(require_embedded)])
async def waiting_mail(request: Request, notification_id: str) -> HTMLResponse:
    """A waiting email, as it will look."""
    found = await views.upcoming_mail(request.app.state.backend, READER, notification_id)
    return page(request, "waiting.html", page="mailbox", mail=found, clock=OFFICE_CLOCK)


@router.get("/mailbox/waiting/{notification_id}/html", dependencies=[Depends(require_embedded)])
async def waiting_mail_html(request: Request, notification_id: str) -> HTMLResponse:
    """The HTML part of a waiting email, for the frame in its page."""
    found = await views.upcoming_mail(request.app.state.backend, READER, notification_id)
    return _framed(found.html)


@router.get("/mailbox/{mail_id}", dependencies=[Depends(require_embedded)])
async def mail(request: Request, mail_id: int) -> HTMLResponse:
    """One email."""
    found = await views.mail(request.app.state.backend, READER, mail_id)
    return page(request, "mail.html", page="mailbox", mail=found, clock=OFFICE_CLOCK)


@router.get("/mailbox/{mail_id}/html", dependencies=[Depends(require_embedded)])
async def mail_html(request: Request, mail_id: int) -> HTMLResponse:
    """The HTML part of an email, for the frame in its page."""
    found = await views.mail(request.app.state.backend, READER, mail_id)
    return _framed(found.html)


@router.get("/mailbox/{mail_id}/invite.ics", dependencies=[Depends(require_embedded)])
async def mail_calendar(request: Request, mail_id: int) -> Response:
    """The calendar part of an email, to open in a calendar."""
    found = await views.mail(request.app.state.backend, READER, mail_id)
    if found.calendar is None:
        raise Problem("not-found")
    return Response(
        found.calendar,
        media_type="text/calendar",
        headers={"Content-Disposition": 'attachment; filename="invite.ics"'},
    )


def _framed(html: str) -> HTMLResponse:
    return HTMLResponse(
        html, headers={"Content-Security-Policy": MAIL_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    )
