"""The emails that the mailbox captured, and those that wait to leave."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from notifications.calendar.ical import Method
from notifications.delivery.upcoming import Dropped, upcoming_email
from notifications.sentences import kind_title, reason_sentence
from programmes.calendar import (
    Closed,
    WorkingCalendar,
    blackouts_from_json,
    calendar_from_json,
    is_office,
)
from services.backend import Backend
from services.permissions import Actor, require
from services.problems import Problem
from services.views.rows import example
from storage.queries import mailbox as stored
from storage.queries.waiting import Reserved, reserved_emails


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
    backend: Backend, actor: Actor, cursor: str | None, limit: int
) -> tuple[list[MailEntry], str | None]:
    """A page of emails, the newest first, and the cursor of the next page."""
    require(actor, "list_mailbox")
    async with backend.database.reading() as session:
        page = await stored.list_mail(session, cursor=cursor, limit=limit)
    return [MailEntry.model_validate(one, from_attributes=True) for one in page.rows], page.next


async def mail(backend: Backend, actor: Actor, mail_id: int) -> Mail:
    """One email. Raises the problem ``not-found``."""
    require(actor, "show_mail")
    async with backend.database.reading() as session:
        found = await stored.show_mail(session, mail_id) if 0 < mail_id < 2**53 else None
    if found is None:
        raise Problem("not-found")
    return Mail.model_validate(found, from_attributes=True)


Why = Closed | Literal["worker"]
"""Why an email waits: the sending hours, or only the worker's next turn."""

WORKER: Why = "worker"


@dataclass(frozen=True)
class WaitingMail:
    """An email that waits to leave."""

    id: str
    title: str
    """The title of its kind."""
    to: str
    member: str
    leaves_at: datetime
    why: Why
    blackout: str = ""
    """The reason of a blackout."""


@dataclass(frozen=True)
class UpcomingMail:
    """An email that waits, as it will look if nothing changes until it leaves."""

    id: str
    to_name: str
    to_email: str
    leaves_at: datetime
    subject: str = ""
    text: str = ""
    html: str = ""
    withheld: str = ""
    """Why it would be withheld instead, as a sentence."""


async def waiting_mails(
    backend: Backend, actor: Actor, skip: int, limit: int
) -> tuple[list[WaitingMail], bool]:
    """Emails that wait to leave, the next one first, and whether more of them follow.

    Of more than ``SORTED_AT_MOST`` only the first ones by their planned time are listed.
    """
    require(actor, "list_mailbox")
    now = backend.now()
    async with backend.database.reading() as session:
        rows = await reserved_emails(session, limit=SORTED_AT_MOST)
    calendars = {
        row.engagement_id: calendar_from_json(row.calendar)
        for row in {row.engagement_id: row for row in rows if row.calendar is not None}.values()
    }
    mails = [_waiting(row, calendars.get(row.engagement_id), now) for row in rows]
    mails.sort(key=lambda mail: (mail.leaves_at, mail.member, mail.id))
    return mails[skip : skip + limit], len(mails) > skip + limit


SORTED_AT_MOST = 2_000
"""An office's morning has some hundreds."""


def _waiting(row: Reserved, calendar: WorkingCalendar | None, now: datetime) -> WaitingMail:
    at, why, blackout = max(now, row.not_before or now), WORKER, ""
    if calendar is not None:
        if is_office(row.recipient.id):
            calendar = calendar.for_office()
        calendar = calendar.with_blackouts(blackouts_from_json(row.blackouts))
        at = calendar.next_send_instant(at)
        if calendar.next_send_instant(now) > now:
            why, blackout = calendar.why_closed(now)
    title, to = kind_title(row.kind), row.recipient.name
    return WaitingMail(row.id, title, to, row.member, at, why, blackout)


async def upcoming_mail(backend: Backend, actor: Actor, notification_id: str) -> UpcomingMail:
    """One waiting email as it will look. Raises the problem ``not-found``."""
    require(actor, "show_mail")
    async with backend.database.reading() as session:
        found = await upcoming_email(
            session, notification_id, backend.settings.public_url, backend.now()
        )
    if found is None:
        raise Problem("not-found")
    if isinstance(found, Dropped):
        return UpcomingMail(
            notification_id, "", "", found.leaves_at, withheld=reason_sentence(found.reason)
        )
    return UpcomingMail(
        notification_id,
        found.to.name,
        found.to.email,
        found.leaves_at,
        found.rendered.subject,
        found.rendered.text,
        found.rendered.html,
    )
