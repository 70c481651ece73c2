"""How far a caller sees, as the database's condition."""

from typing import TypeVar

from services.backend import Backend
from services.permissions import OWN_TASK_ONLY, Actor, reach
from services.problems import Problem, wrong_value
from storage.queries.access import (
    ALL,
    ItemPlace,
    KnownPerson,
    Place,
    Visibility,
    known_person,
    place_of_engagement,
    place_of_item,
)
from storage.roles import MAY_WORK_AS


def sight(actor: Actor) -> Visibility:
    """A member's contact sees its own member alone; everybody else sees all."""
    if actor.role != "member":
        return ALL
    if actor.member_id is None:
        # A contact without a member sees nothing rather than everything.
        raise Problem("forbidden")
    return Visibility(actor.member_id)


P = TypeVar("P", bound=Place)


def require(actor: Actor, operation: str) -> None:
    """Raise the problem ``forbidden`` unless the caller's role may give this command at all."""
    if reach(operation, actor.role) is None:
        raise Problem("forbidden")


async def engagement_in_reach(
    backend: Backend, actor: Actor, operation: str, engagement_id: str
) -> Place:
    """The engagement that the command is aimed at."""
    require(actor, operation)
    async with backend.database.reading() as session:
        place = await place_of_engagement(session, engagement_id)
    return _judged(actor, operation, place)


async def item_in_reach(
    backend: Backend, actor: Actor, operation: str, item_id: str, kind: str = "", task: str = ""
) -> ItemPlace:
    """The item that the command is aimed at, of that kind, with the owner of that task."""
    require(actor, operation)
    async with backend.database.reading() as session:
        place = await place_of_item(session, item_id, task)
    if place is not None and kind and place.kind != kind:
        place = None
    return _judged(actor, operation, place)


def _judged(actor: Actor, operation: str, place: P | None) -> P:
    if place is None:
        raise Problem("not-found")
    match reach(operation, actor.role):
        case "all":
            return place
        case "own":
            if place.member_id != actor.member_id:
                raise Problem("not-found")
            if operation in OWN_TASK_ONLY and not _is_members_task(actor, place):
                raise Problem("not-yours")
            return place
        case "assigned" if place.assignee_id == actor.holder_id:
            return place
        case "advised" if place.adviser_id == actor.holder_id:
            return place
        case "held" | "advised" if operation in OWN_TASK_ONLY and _holds(actor, place):
            return place
    raise Problem("not-yours")


def _is_members_task(actor: Actor, place: Place) -> bool:
    # A task that is not open is for the workflow to refuse: it knows why.
    owner = place.task_role
    return owner is None or owner == "lead" or _holds(actor, place)


def _holds(actor: Actor, place: Place) -> bool:
    return actor.holder_id in {place.task_role, place.task_holder}


async def require_worker(backend: Backend, person_id: str, role: str, pointer: str) -> None:
    """Somebody of the office who may do a manager's, an adviser's or a researcher's work; the
    problem ``invalid`` otherwise. Whoever got it without would be refused at every step of it."""
    person = await _known(backend, person_id)
    if person is None or not person.active or person.role not in MAY_WORK_AS[role]:
        raise wrong_value(role, pointer)


async def require_owner(backend: Backend, owner: str, member_id: str, pointer: str) -> None:
    """A role, somebody of the office, or a contact of that member: whoever can own an action."""
    if owner in {"lead", "manager", "adviser", "researcher"}:
        return
    person = await _known(backend, owner)
    fits = person is not None and person.active and person.role != "viewer"
    if person is None or not fits or person.member_id not in {None, member_id}:
        raise wrong_value("owner", pointer)


async def _known(backend: Backend, person_id: str) -> KnownPerson | None:
    async with backend.database.reading() as session:
        return await known_person(session, person_id)
