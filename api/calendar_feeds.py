"""The secret address of a calendar, as JSON."""

from datetime import datetime

from pydantic import BaseModel, Field

from api.answers import EDIT, READ
from api.fields import Id
from api.guard import Edited, Read, guarded_router
from services import calendar_feeds as commands
from services.views.rows import example


class CalendarFeed(BaseModel):
    """Whether a person or contact has a secret address for their calendar."""

    model_config = example({"made_at": "2027-01-11T09:00:00Z"})
    made_at: datetime | None = Field(description="Null without an address.")


class NewCalendarFeed(BaseModel):
    """A secret address that was just made."""

    model_config = example(
        {
            "made_at": "2027-01-11T09:00:00Z",
            "address": "https://milepost.example.org/calendars/mp_cal_x7Qe.ics",
        }
    )
    made_at: datetime
    address: str = Field(
        description="Shown once only. It lets its holder read the calendar, and nothing else."
    )


router = guarded_router("Calendars")

CONTACT = "/members/{member_id}/contacts/{contact_id}/calendar-feed"
PERSON = "/people/{person_id}/calendar-feed"


@router.get("/me/calendar-feed", summary="Show whether my calendar has an address", responses=READ)
async def show_my_calendar_feed(call: Read) -> CalendarFeed:
    """Show when the address was made. The address itself was shown then, and only then."""
    return _shown(await commands.own_feed(call.backend, call.actor))


@router.put("/me/calendar-feed", summary="Make an address for my calendar", responses=EDIT)
async def make_my_calendar_feed(call: Edited) -> NewCalendarFeed:
    """Make an address for a calendar program that cannot send a token. An earlier address ends."""
    return _made(await commands.make_own_feed(call.backend, call.actor))


@router.delete("/me/calendar-feed", summary="End the address of my calendar", responses=EDIT)
async def end_my_calendar_feed(call: Edited) -> CalendarFeed:
    """End the address. It stops working at once."""
    await commands.end_own_feed(call.backend, call.actor)
    return CalendarFeed(made_at=None)


@router.put(CONTACT, summary="Make an address for a contact's calendar", responses=EDIT)
async def make_contact_calendar_feed(
    member_id: Id, contact_id: Id, call: Edited
) -> NewCalendarFeed:
    """Make an address to pass on to the contact. An earlier address ends. The audit trail has
    it."""
    return _made(await commands.make_feed_for(call.backend, call.actor, contact_id, member_id))


@router.delete(CONTACT, summary="End the address of a contact's calendar", responses=EDIT)
async def end_contact_calendar_feed(member_id: Id, contact_id: Id, call: Edited) -> CalendarFeed:
    """End the address, for instance because another person has got it."""
    await commands.end_feed_for(call.backend, call.actor, contact_id, member_id)
    return CalendarFeed(made_at=None)


@router.put(PERSON, summary="Make an address for a person's calendar", responses=EDIT)
async def make_person_calendar_feed(person_id: Id, call: Edited) -> NewCalendarFeed:
    """Make an address to pass on to a person of the office. An earlier address ends."""
    return _made(await commands.make_feed_for(call.backend, call.actor, person_id))


@router.delete(PERSON, summary="End the address of a person's calendar", responses=EDIT)
async def end_person_calendar_feed(person_id: Id, call: Edited) -> CalendarFeed:
    """End the address. It stops working at once."""
    await commands.end_feed_for(call.backend, call.actor, person_id)
    return CalendarFeed(made_at=None)


def _shown(feed: commands.Feed) -> CalendarFeed:
    return CalendarFeed(made_at=feed.made_at)


def _made(feed: commands.Feed) -> NewCalendarFeed:
    assert feed.made_at is not None
    return NewCalendarFeed(made_at=feed.made_at, address=feed.address)
