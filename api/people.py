"""The people of the office, of its funder and of its partners."""

from typing import Annotated

from fastapi import Query, Request, Response

from api.answers import API, EDIT, READ, Cursor, Limit, next_link
from api.fields import Body, Email, Id, Line, shown
from api.guard import Commanded, Edited, Read, guarded_router
from api.problems import documented
from programmes.vocabulary import OfficeRole
from services import office
from services.views import office as views
from services.views.office import Person
from services.views.rows import Page
from storage.queries import members as stored

router = guarded_router("People")

SomeRole = Annotated[OfficeRole | None, Query(description="Only people of that role.")]


class NewPerson(Body):
    """A person of the office, of its funder or of a partner."""

    model_config = shown(name="Ada Okafor", email="ada@example.org", role="manager")
    name: Line
    email: Email
    role: OfficeRole


class PersonEdit(Body):
    """Changes to a person. A field that is left out stays."""

    model_config = shown(email="ada.okafor@example.org")
    name: Line | None = None
    email: Email | None = None
    active: bool | None = None


@router.get("/people", summary="List people", responses=READ)
async def list_people(
    request: Request, call: Read, role: SomeRole = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[Person]:
    """List the people of the office, of its funder and of its partners, by name."""
    async with call.backend.database.reading() as session:
        page = await stored.list_people(session, role=role, cursor=cursor, limit=limit)
    return Page(items=[views.person(row) for row in page.rows], next=next_link(request, page.next))


@router.post("/people", summary="Add a person", status_code=201, responses=EDIT)
async def add_person(body: NewPerson, response: Response, call: Commanded) -> Person:
    """Add a person of the office, of its funder or of a partner. The operator makes tokens."""
    added = await office.add_person(
        call.backend, call.actor, name=body.name, email=body.email, role=body.role, key=call.key
    )
    response.headers["Location"] = f"{API}/people"
    return views.person(added)


@router.patch("/people/{person_id}", summary="Edit a person", responses=EDIT | documented(503))
async def edit_person(person_id: Id, body: PersonEdit, call: Edited) -> Person:
    """Change the given fields. The tasks of a person who leaves go to the delegate. Emails
    withheld for a bounced address are sent to the new address, unless they are outdated."""
    edited = await office.edit_person(
        call.backend, call.actor, person_id, name=body.name, email=body.email, active=body.active
    )
    return views.person(edited)
