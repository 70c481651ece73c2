"""The mailbox: the emails that the default sender captured instead of sending."""

from typing import Annotated

from fastapi import Path, Request

from api.answers import CALENDAR, FOUND, READ, CalendarFile, Cursor, Limit, next_link
from api.guard import Read, guarded_router
from services.problems import Problem
from services.views.mailbox import Mail, MailEntry, mail, mails
from services.views.rows import Page

router = guarded_router("Mailbox")

MailId = Annotated[int, Path(ge=1, le=2**53, description="The number of an email.")]


@router.get("/mailbox", summary="List captured emails", responses=READ)
async def list_mailbox(
    request: Request, call: Read, cursor: Cursor = None, limit: Limit = 50
) -> Page[MailEntry]:
    """List the captured emails, the newest first."""
    items, further = await mails(call.backend, call.actor, cursor, limit)
    return Page(items=items, next=next_link(request, further))


@router.get("/mailbox/{mail_id}", summary="Show a captured email", responses=READ | FOUND)
async def show_mail(mail_id: MailId, call: Read) -> Mail:
    """Show one email with its text and its HTML."""
    return await mail(call.backend, call.actor, mail_id)


@router.get(
    "/mailbox/{mail_id}/invite.ics",
    summary="Download an email's calendar part",
    response_class=CalendarFile,
    responses=READ | FOUND | CALENDAR,
)
async def show_invitation(mail_id: MailId, call: Read) -> CalendarFile:
    """Show what a calendar takes from the email: a session, or the due date of a review."""
    found = await mail(call.backend, call.actor, mail_id)
    if found.calendar is None:
        raise Problem("not-found")
    return CalendarFile(found.calendar)
