"""Member organisations and their contacts."""

from typing import Annotated, Literal

from fastapi import Query, Request, Response
from pydantic import Field

from api.answers import API, EDIT, FOUND, READ, Cursor, Limit, next_link
from api.fields import Body, Day, Email, Id, Line, shown
from api.guard import Commanded, Edited, Read, guarded_router
from api.problems import documented
from programmes.vocabulary import Nation
from services import office
from services.permissions import visibility
from services.problems import Problem
from services.views import office as views
from services.views.office import MemberDetail
from services.views.rows import MemberRef, Page, member_ref
from services.views.running import EditedMember, running_engagements
from storage import master
from storage.queries import members as stored

router = guarded_router("Members")

SearchText = Annotated[
    str | None,
    Query(max_length=100, pattern=r"^[^\x00]*$", description="Part of the member's name."),
]


class NewContact(Body):
    """A person at a member organisation."""

    model_config = shown(name="Sian Hughes", email="sian.hughes@example.org", lead=True)
    name: Line
    email: Email
    lead: bool = False


class ContactEdit(Body):
    """Changes to a contact. A field that is left out stays."""

    model_config = shown(lead=True)
    name: Line | None = None
    email: Email | None = None
    lead: Literal[True] | None = Field(
        default=None, description="Make this contact the lead, in place of the present lead."
    )
    active: bool | None = None


class Blackout(Body):
    """Days in which nothing falls due and nothing is sent: a pre-election period."""

    model_config = shown(first="2027-03-22", last="2027-05-06", reason="Pre-election period")
    first: Day
    last: Day
    reason: Annotated[str, Field(max_length=200)] = ""


class NewMember(Body):
    """A member organisation with its contacts, one of them the lead."""

    model_config = shown(
        name="Cardiff Council",
        nation="WLS",
        contacts=[{"name": "Sian Hughes", "email": "sian.hughes@example.org", "lead": True}],
    )
    name: Line
    nation: Nation
    sample: bool = False
    contacts: Annotated[list[NewContact], Field(min_length=1, max_length=50)]
    blackouts: Annotated[list[Blackout], Field(max_length=50)] = Field(default=[])


class MemberEdit(Body):
    """Changes to a member. A field that is left out stays."""

    model_config = shown(
        blackouts=[{"first": "2027-03-22", "last": "2027-05-06", "reason": "Pre-election period"}]
    )
    name: Line | None = None
    nation: Nation | None = None
    blackouts: Annotated[list[Blackout], Field(max_length=50)] | None = None


@router.get("/members", summary="List members", responses=READ)
async def list_members(
    request: Request, call: Read, q: SearchText = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[MemberRef]:
    """List the member organisations by name. A contact sees its own member."""
    async with call.backend.database.reading() as session:
        page = await stored.list_members(
            session, text=q, cursor=cursor, limit=limit, visible_to=visibility(call.actor)
        )
    return Page(items=[member_ref(row) for row in page.rows], next=next_link(request, page.next))


@router.get("/members/{member_id}", summary="Show a member", responses=READ | FOUND)
async def show_member(member_id: Id, call: Read) -> MemberDetail:
    """Show a member organisation with its contacts and blackouts."""
    async with call.backend.database.reading() as session:
        found = await stored.show_member(session, member_id, visible_to=visibility(call.actor))
    if found is None:
        raise Problem("not-found")
    return views.member(call.actor, found)


@router.post("/members", summary="Add a member", status_code=201, responses=EDIT)
async def add_member(body: NewMember, response: Response, call: Commanded) -> MemberDetail:
    """Add a member organisation with its contacts, exactly one of them the lead."""
    added = await office.add_member(
        call.backend,
        call.actor,
        name=body.name,
        nation=body.nation,
        contacts=[_contact(one) for one in body.contacts],
        blackouts=_blackouts(body.blackouts),
        sample=body.sample,
        key=call.key,
    )
    response.headers["Location"] = f"{API}/members/{added.member.id}"
    return views.member(call.actor, added)


@router.patch("/members/{member_id}", summary="Edit a member", responses=EDIT)
async def edit_member(member_id: Id, body: MemberEdit, call: Edited) -> EditedMember:
    """Change the given fields.

    Emails obey new blackouts at once, also those of running engagements. The dates of running
    engagements stay; `running` says what each of them does, and which dates fall in a blackout.
    """
    edited = await office.edit_member(
        call.backend,
        call.actor,
        member_id,
        name=body.name,
        nation=body.nation,
        blackouts=None if body.blackouts is None else _blackouts(body.blackouts),
    )
    member = views.member(call.actor, edited)
    running = (
        await running_engagements(call.backend, call.actor, member_id)
        if body.blackouts is not None
        else []
    )
    return EditedMember(**vars(member), running=running)


@router.post(
    "/members/{member_id}/contacts", summary="Add a contact", status_code=201, responses=EDIT
)
async def add_contact(
    member_id: Id, body: NewContact, response: Response, call: Commanded
) -> MemberDetail:
    """Add a person at the member. A new lead replaces the present lead."""
    edited = await office.add_contact(call.backend, call.actor, member_id, _contact(body))
    response.headers["Location"] = f"{API}/members/{member_id}"
    return views.member(call.actor, edited)


@router.patch(
    "/members/{member_id}/contacts/{contact_id}",
    summary="Edit a contact",
    responses=EDIT | documented(503),
)
async def edit_contact(
    member_id: Id, contact_id: Id, body: ContactEdit, call: Edited
) -> MemberDetail:
    """Change the given fields. A new lead takes over the lead's open tasks. Emails withheld for
    a bounced address are sent to the new address, unless they are outdated."""
    edited = await office.edit_contact(
        call.backend,
        call.actor,
        member_id,
        contact_id,
        name=body.name,
        email=body.email,
        lead=body.lead,
        active=body.active,
    )
    return views.member(call.actor, edited)


def _contact(body: NewContact) -> master.NewContact:
    return master.NewContact(body.name, body.email, body.lead)


def _blackouts(body: list[Blackout]) -> list[master.Blackout]:
    return [master.Blackout(one.first, one.last, one.reason) for one in body]
