"""What recipients choose about their emails, and the addresses to which nothing is sent."""

from typing import Annotated

from fastapi import Query, Request

from api.commands import choices as commands
from api.guard import Commanded, Edited, Read, guarded_router
from api.problems import documented
from api.routes.answering import EDIT, FOUND, READ
from api.routes.paging import Cursor, Limit, next_link
from api.schemas.choices import Absence, Choices, NewChoices, Released, Suppression
from api.schemas.fields import Id
from api.schemas.refs import Page, Ref
from notifications import choices as read
from storage.master import choices as stored
from storage.queries.suppressions import list_suppressions as suppressed

router = guarded_router("Choices")

ByHand = Annotated[
    bool, Query(description="Somebody has taken the address off SendGrid's own lists by hand.")
]


@router.get("/me/choices", summary="Show my choices", responses=READ)
async def show_my_choices(call: Read) -> Choices:
    """How I want my emails."""
    return _shown(await commands.own_choices(call.desk, call.actor))


@router.put("/me/choices", summary="Set my choices", responses=EDIT)
async def set_my_choices(body: NewChoices, call: Edited) -> Choices:
    """All of them at once. Emails that something depends on always come."""
    return _shown(await commands.set_own_choices(call.desk, call.actor, _given(body)))


@router.get(
    "/members/{member_id}/contacts/{contact_id}/choices",
    summary="Show a contact's choices",
    responses=READ | FOUND,
)
async def show_contact_choices(member_id: Id, contact_id: Id, call: Read) -> Choices:
    """How a contact wants their emails."""
    return _shown(await commands.choices_for(call.desk, call.actor, contact_id, member_id))


@router.put(
    "/members/{member_id}/contacts/{contact_id}/choices",
    summary="Set a contact's choices",
    responses=EDIT,
)
async def set_contact_choices(
    member_id: Id, contact_id: Id, body: NewChoices, call: Edited
) -> Choices:
    """In the contact's place, because they asked for it. The audit trail says who did it."""
    return _shown(
        await commands.set_choices_for(call.desk, call.actor, contact_id, _given(body), member_id)
    )


@router.get(
    "/people/{person_id}/choices", summary="Show a person's choices", responses=READ | FOUND
)
async def show_person_choices(person_id: Id, call: Read) -> Choices:
    """How somebody of the office wants their emails."""
    return _shown(await commands.choices_for(call.desk, call.actor, person_id))


@router.put("/people/{person_id}/choices", summary="Set a person's choices", responses=EDIT)
async def set_person_choices(person_id: Id, body: NewChoices, call: Edited) -> Choices:
    """In the person's place, because they asked for it. The audit trail says who did it."""
    return _shown(await commands.set_choices_for(call.desk, call.actor, person_id, _given(body)))


@router.get("/suppressions", summary="List suppressed addresses", responses=READ)
async def list_suppressions(
    request: Request, call: Read, cursor: Cursor = None, limit: Limit = 50
) -> Page[Suppression]:
    """Addresses that bounced or complained, the latest first: nothing is sent to them. Change the
    contact's or person's address, or lift it."""
    async with call.desk.database.reading() as session:
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
    """The address is right, and takes emails again. It is taken off SendGrid's own lists, too. What
    was not sent for it and is still true is tried again."""
    released = await commands.lift_suppression(
        call.desk, call.actor, suppression_id, by_hand=by_hand
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
