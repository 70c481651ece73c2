"""The mailbox: the emails that the default sender captured instead of sending."""

from typing import Annotated

from fastapi import Path, Request

from api.answers import CALENDAR, FOUND, READ, CalendarFile, Cursor, Limit, next_link
from api.guard import Read, guarded_router
from services.problems import Problem
from services.views.records import Mail, MailEntry
from services.views.rows import Page
from storage.queries import mailbox as stored

router = guarded_router("Mailbox")

MailId = Annotated[int, Path(ge=1, le=2**53, description="The number of an email.")]


@router.get("/mailbox", summary="List captured emails", responses=READ)
async def list_mailbox(
    request: Request, call: Read, cursor: Cursor = None, limit: Limit = 50
) -> Page[MailEntry]:
    """The emails that were captured, the newest first."""
    async with call.backend.database.reading() as session:
        page = await stored.list_mail(session, cursor=cursor, limit=limit)
    return Page(
        items=[
            MailEntry(
                id=mail.id,
                kind=mail.kind,
                to_name=mail.to_name,
                to_email=mail.to_email,
                subject=mail.subject,
                at=mail.at,
            )
            for mail in page.rows
        ],
        next=next_link(request, page.next),
    )


@router.get("/mailbox/{mail_id}", summary="Show a captured email", responses=READ | FOUND)
async def show_mail(mail_id: MailId, call: Read) -> Mail:
    """One email with its text and its HTML."""
    async with call.backend.database.reading() as session:
        mail = await stored.show_mail(session, mail_id)
    if mail is None:
        raise Problem("not-found")
    return Mail(
        id=mail.id,
        kind=mail.kind,
        to_name=mail.to_name,
        to_email=mail.to_email,
        subject=mail.subject,
        at=mail.at,
        text=mail.text,
        html=mail.html,
        calendar_method=mail.calendar_method,
    )


@router.get(
    "/mailbox/{mail_id}/invite.ics",
    summary="Download an email's calendar part",
    response_class=CalendarFile,
    responses=READ | FOUND | CALENDAR,
)
async def show_invitation(mail_id: MailId, call: Read) -> CalendarFile:
    """What a calendar takes from the email: a session, or the day by which a review is due."""
    async with call.backend.database.reading() as session:
        mail = await stored.show_mail(session, mail_id)
    if mail is None or mail.calendar is None:
        raise Problem("not-found")
    return CalendarFile(mail.calendar)
