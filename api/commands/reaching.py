"""Whether a command's target is within the caller's reach; what is not visible does not exist."""

from typing import TypeVar

from api.desk import Desk
from api.permissions import OWN_TASK_ONLY, Actor, reach
from api.problems import Problem
from storage.reach import ItemPlace, Place, place_of_engagement, place_of_item

P = TypeVar("P", bound=Place)


def require(actor: Actor, operation: str) -> None:
    """Raise the problem ``forbidden`` unless the caller's role may give this command at all."""
    if reach(operation, actor.role) is None:
        raise Problem("forbidden")


async def engagement_in_reach(
    desk: Desk, actor: Actor, operation: str, engagement_id: str
) -> Place:
    """The engagement that the command is aimed at."""
    require(actor, operation)
    async with desk.database.reading() as session:
        place = await place_of_engagement(session, engagement_id)
    return _judged(actor, operation, place)


async def item_in_reach(
    desk: Desk, actor: Actor, operation: str, item_id: str, kind: str = "", task: str = ""
) -> ItemPlace:
    """The item that the command is aimed at, of that kind, with the owner of that task."""
    require(actor, operation)
    async with desk.database.reading() as session:
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
