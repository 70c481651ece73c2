"""Programmes: the stored versions of their definitions."""

from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import Field

from api.answers import API, EDIT, FOUND, READ
from api.fields import Body, Id, Key, shown
from api.guard import Commanded, Edited, Read, guarded_router
from services import office
from services.problems import Problem
from services.views import office as views
from services.views.office import Person, Programme, ProgrammeDetail
from services.views.rows import Page
from storage.queries.members import funders_of
from storage.queries.programmes import latest_programmes, show_programme

router = guarded_router("Programmes")

YAML_TYPES = ("application/yaml", "application/x-yaml", "text/yaml")

Version = Annotated[int | None, Query(ge=1, le=1_000_000, description="The latest by default.")]


class Funders(Body):
    """All people who get a programme's emails for its funder."""

    model_config = shown(people=["per_k3m5q7ab2c4d6e8fgh2j"])
    people: Annotated[list[Key], Field(max_length=50)]


@router.get("/programmes", summary="List programmes", responses=READ)
async def list_programmes(call: Read) -> Page[Programme]:
    """List the latest version of each programme, by id."""
    async with call.backend.database.reading() as session:
        rows = await latest_programmes(session)
    return Page(items=[views.programme(row) for row in rows])


@router.get("/programmes/{programme_id}", summary="Show a programme", responses=READ | FOUND)
async def show_programme_version(
    programme_id: Id, call: Read, version: Version = None
) -> ProgrammeDetail:
    """Show the contents of a programme's definition, and the definition itself."""
    async with call.backend.database.reading() as session:
        row = await show_programme(session, programme_id, version)
    if row is None:
        raise Problem("not-found")
    return await views.programme_detail(row)


@router.post(
    "/programmes",
    summary="Add a version of a programme",
    status_code=201,
    responses=EDIT,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                media_type: {
                    "schema": {"type": "string"},
                    "example": "id: inclusive-growth-network\nversion: 2\n",
                }
                for media_type in YAML_TYPES
            },
        }
    },
)
async def add_programme(request: Request, response: Response, call: Commanded) -> ProgrammeDetail:
    """Store a definition, written in YAML. A stored version never changes: a change is a new one.

    Every error in it is listed at once, with its line and column.
    """
    row = (await office.add_programme(call.backend, call.actor, await request.body())).row
    response.headers["Location"] = f"{API}/programmes/{row.id}?version={row.version}"
    return await views.programme_detail(row)


@router.get(
    "/programmes/{programme_id}/funders",
    summary="List its funder's readers",
    responses=READ | FOUND,
)
async def show_programme_funders(programme_id: Id, call: Read) -> Page[Person]:
    """List the people who get a programme's emails for its funder."""
    async with call.backend.database.reading() as session:
        if await show_programme(session, programme_id) is None:
            raise Problem("not-found")
        rows = await funders_of(session, programme_id)
    return Page(items=[views.person(row) for row in rows])


@router.put(
    "/programmes/{programme_id}/funders", summary="Name its funder's readers", responses=EDIT
)
async def set_programme_funders(programme_id: Id, body: Funders, call: Edited) -> Page[Person]:
    """Set all of them at once, each an active viewer. Running engagements follow."""
    rows = await office.set_funders(call.backend, call.actor, programme_id, body.people)
    return Page(items=[views.person(row) for row in rows])
