"""The emails that the mailbox captured."""

from datetime import datetime

from pydantic import BaseModel, Field

from notifications.calendar.ical import Method
from services.backend import Backend
from services.problems import Problem
from services.views.rows import example
from storage.queries import mailbox as stored


class MailEntry(BaseModel):
    """An email that the mailbox captured."""

    model_config = example(
        {
            "id": 12,
            "kind": "research.new",
            "to_name": "Ada Okafor",
            "to_email": "ada@example.org",
            "subject": "Cardiff Council has sent a research request",
            "at": "2027-01-11T09:00:02Z",
        }
    )
    id: int
    kind: str
    to_name: str
    to_email: str
    subject: str
    at: datetime


class Mail(MailEntry):
    """An email with both its parts."""

    model_config = example(
        {
            "id": 12,
            "kind": "research.new",
            "to_name": "Ada Okafor",
            "to_email": "ada@example.org",
            "subject": "Cardiff Council has sent a research request",
            "at": "2027-01-11T09:00:02Z",
            "from_name": "Inclusive Growth Network",
            "from_email": "office@example.org",
            "text": "Dear Ada, …",
            "html": "<p>Dear Ada, …</p>",
            "calendar_method": None,
        }
    )
    from_name: str
    from_email: str
    text: str
    html: str
    calendar_method: Method | None = Field(
        description="What a calendar does with its calendar part; nothing where it has none."
    )
    calendar: str | None = Field(exclude=True, description="The calendar part itself.")


async def mails(
    backend: Backend, cursor: str | None, limit: int
) -> tuple[list[MailEntry], str | None]:
    """A page of emails, the newest first, and the cursor of the next page."""
    async with backend.database.reading() as session:
        page = await stored.list_mail(session, cursor=cursor, limit=limit)
    return [MailEntry.model_validate(one, from_attributes=True) for one in page.rows], page.next


async def mail(backend: Backend, mail_id: int) -> Mail:
    """One email. Raises the problem ``not-found``."""
    async with backend.database.reading() as session:
        found = await stored.show_mail(session, mail_id) if 0 < mail_id < 2**53 else None
    if found is None:
        raise Problem("not-found")
    return Mail.model_validate(found, from_attributes=True)
