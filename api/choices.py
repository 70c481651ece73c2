"""Recipients' choices about their emails, and suppressed addresses."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query, Request
from pydantic import BaseModel, Field

from api.answers import EDIT, FOUND, READ, Cursor, Limit, next_link
from api.fields import BODY, Day, Id, Key
from api.guard import Commanded, Edited, Read, guarded_router
from api.problems import documented
from notifications.delivery import preferences as read
from programmes.vocabulary import Mode, Reminders
from services import choices as commands
from services.views.rows import PERSON, Page, Ref, example
from storage.master import checks as stored
from storage.queries.suppressions import list_suppressions as suppressed

CHOICES: dict[str, Any] = {
    "language": "both",
    "reminders": "single",
    "digests": True,
    "quiet_weekdays": [4],
    "absence": None,
}

Weekday = Annotated[int, Field(ge=0, le=6)]


class Absence(BaseModel):
    """Days, both included, on which a delegate gets the emails."""

    model_config = BODY
    first: Day
    last: Day
    delegate: Key = Field(
        description=(
            "Who gets the emails meanwhile: a contact of the same member; or for a person of the "
            "office, another person of the office."
        )
    )


class NewChoices(BaseModel):
    """All choices. A choice that is left out goes back to its default."""

    model_config = {**BODY, "json_schema_extra": {"examples": [CHOICES]}}
    language: Mode = Field(default="en", description="English, Welsh, or both in one email.")
    reminders: Reminders = Field(
        default="single",
        description=(
            "`digest`: early reminders are collected into a weekly email. Emails that need "
            "action always come on their own."
        ),
    )
    digests: bool = Field(default=True, description="Whether to get summaries.")
    quiet_weekdays: Annotated[list[Weekday], Field(max_length=7)] = Field(
        default=[], description="Weekdays on which emails wait: 0 is Monday."
    )
    absence: Absence | None = None


class Choices(NewChoices):
    """The choices of one contact or person."""

    model_config = example({**CHOICES, "changed_at": "2027-01-11T09:00:00Z"})
    changed_at: datetime | None = Field(description="Null before the first choice.")


class Suppression(BaseModel):
    """An address to which nothing is sent."""

    model_config = example(
        {
            "id": "sup_c4d6e8fgh2jk3m5q7ab2",
            "address": "sian.hughes@example.org",
            "reason": "bounced",
            "notification": "ntf_c4d6e8fgh2jk3m5q7ab2",
            "at": "2027-01-11T09:00:00Z",
            "holders": [PERSON],
            "waiting": 2,
        }
    )
    id: str
    address: str
    reason: str = Field(description="`bounced`, `dropped` or `complained`.")
    notification: str | None = Field(description="The email that showed it.")
    at: datetime
    holders: list[Ref] = Field(description="Who has this address.")
    waiting: int = Field(description="Emails that were not sent for it.")


class Released(BaseModel):
    """The emails that a corrected address released."""

    model_config = example({"released": ["ntf_c4d6e8fgh2jk3m5q7ab2"]})
    released: list[str] = Field(
        description="The emails that are sent again. Outdated ones stay withheld."
    )


router = guarded_router("Choices")

ByHand = Annotated[
    bool, Query(description="The address was removed from SendGrid's own lists by hand.")
]


@router.get("/me/choices", summary="Show my choices", responses=READ)
async def show_my_choices(call: Read) -> Choices:
    """Show the caller's choices about emails."""
    return _shown(await commands.own_choices(call.backend, call.actor))


@router.put("/me/choices", summary="Set my choices", responses=EDIT)
async def set_my_choices(body: NewChoices, call: Edited) -> Choices:
    """Set all choices at once. Emails that need action always come."""
    return _shown(await commands.set_own_choices(call.backend, call.actor, _given(body)))


@router.get(
    "/members/{member_id}/contacts/{contact_id}/choices",
    summary="Show a contact's choices",
    responses=READ | FOUND,
)
async def show_contact_choices(member_id: Id, contact_id: Id, call: Read) -> Choices:
    """Show a contact's choices about emails."""
    return _shown(await commands.choices_for(call.backend, call.actor, contact_id, member_id))


@router.put(
    "/members/{member_id}/contacts/{contact_id}/choices",
    summary="Set a contact's choices",
    responses=EDIT,
)
async def set_contact_choices(
    member_id: Id, contact_id: Id, body: NewChoices, call: Edited
) -> Choices:
    """Set the choices of a contact who asked for it. The audit trail says who did it."""
    return _shown(
        await commands.set_choices_for(
            call.backend, call.actor, contact_id, _given(body), member_id
        )
    )


@router.get(
    "/people/{person_id}/choices", summary="Show a person's choices", responses=READ | FOUND
)
async def show_person_choices(person_id: Id, call: Read) -> Choices:
    """Show the choices of a person of the office about emails."""
    return _shown(await commands.choices_for(call.backend, call.actor, person_id))


@router.put("/people/{person_id}/choices", summary="Set a person's choices", responses=EDIT)
async def set_person_choices(person_id: Id, body: NewChoices, call: Edited) -> Choices:
    """Set the choices of a person who asked for it. The audit trail says who did it."""
    return _shown(await commands.set_choices_for(call.backend, call.actor, person_id, _given(body)))


@router.get("/suppressions", summary="List suppressed addresses", responses=READ)
async def list_suppressions(
    request: Request, call: Read, cursor: Cursor = None, limit: Limit = 50
) -> Page[Suppression]:
    """List the addresses that bounced or complained, the latest first. Milepost sends nothing
    to them. Change the contact's or person's address, or lift the suppression."""
    async with call.backend.database.reading() as session:
        page = await suppressed(session, cursor=cursor, limit=limit)
    rows = [
        Suppression(
            id=row.id,
            address=row.address,
            reason=row.reason,
            notification=row.notification_id,
            at=row.at,
            holders=[Ref(id=one.id, name=one.name) for one in row.holders],
            waiting=row.waiting,
        )
        for row in page.rows
    ]
    return Page(items=rows, next=next_link(request, page.next))


@router.post(
    "/suppressions/{suppression_id}/lift",
    summary="Send to an address again",
    responses=EDIT | documented(503),
)
async def lift_suppression(
    suppression_id: Id, call: Commanded, by_hand: ByHand = False
) -> Released:
    """Send to the address again, because it works. It also leaves SendGrid's own lists. Emails
    that were not sent, and are not outdated, are sent now."""
    released = await commands.lift_suppression(
        call.backend, call.actor, suppression_id, by_hand=by_hand
    )
    return Released(released=released)


def _given(body: NewChoices) -> stored.NewChoices:
    away = body.absence
    return stored.NewChoices(
        language=body.language,
        reminders=body.reminders,
        digests=body.digests,
        quiet_weekdays=body.quiet_weekdays,
        absent_from=away.first if away else None,
        absent_until=away.last if away else None,
        delegate_id=away.delegate if away else None,
    )


def _shown(chosen: read.Choices) -> Choices:
    away = None
    if chosen.absent_from and chosen.absent_until and chosen.delegate_id:
        away = Absence(
            first=chosen.absent_from, last=chosen.absent_until, delegate=chosen.delegate_id
        )
    return Choices(
        language=chosen.language,
        reminders=chosen.reminders,
        digests=chosen.digests,
        quiet_weekdays=list(chosen.quiet_weekdays),
        absence=away,
        changed_at=chosen.changed_at,
    )
