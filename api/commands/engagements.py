"""Commands to an engagement: start, withdraw, complete, and moving a review that is to come."""

from collections.abc import Sequence
from datetime import date

from api.commands.claim_check import written
from api.commands.dispatch import send
from api.commands.reaching import engagement_in_reach
from api.desk import Desk
from api.permissions import Actor
from api.problems import Problem, catalogue
from notifications.words import item_title
from storage.queries.items import ItemFilter, list_items
from storage.reach import Place
from workflows.ids import engagement_workflow_id
from workflows.messages import Answer, Complete, MoveReview, Withdraw

Taken = Answer | None


async def withdraw_engagement(
    desk: Desk, actor: Actor, engagement_id: str, reason: str, *, key: str | None = None
) -> Taken:
    """It ends; everything open closes with it."""
    place = await engagement_in_reach(desk, actor, "withdraw_engagement", engagement_id)
    async with written(desk, actor, key, reason=reason) as texts:
        command = Withdraw(actor.holder_id, texts["reason"])
        address = engagement_workflow_id(place.engagement_id)
        return await send(desk, address, command, actor.holder_id, key)


async def complete_engagement(
    desk: Desk, actor: Actor, engagement_id: str, *, key: str | None = None
) -> Taken:
    """It has run its course; refused with its blockers while anything is open."""
    place = await engagement_in_reach(desk, actor, "complete_engagement", engagement_id)
    address = engagement_workflow_id(place.engagement_id)
    try:
        return await send(desk, address, Complete(actor.holder_id), actor.holder_id, key)
    except Problem as problem:
        if problem.blockers is None:
            raise
        raise await _blocked(desk, place, problem.blockers) from problem


async def move_review(
    desk: Desk,
    actor: Actor,
    engagement_id: str,
    review: str,
    due: date,
    reason: str | None = None,
    *,
    key: str | None = None,
) -> Taken:
    """A review that has not opened yet gets another due date; what hangs on it follows."""
    place = await engagement_in_reach(desk, actor, "move_review", engagement_id)
    async with written(desk, actor, key, reason=reason) as texts:
        command = MoveReview(actor.holder_id, review, due, texts.get("reason"))
        address = engagement_workflow_id(place.engagement_id)
        return await send(desk, address, command, actor.holder_id, key)


async def _blocked(desk: Desk, place: Place, blockers: Sequence[str]) -> Problem:
    """The refusal by the names that people know: a workflow knows its items by their keys."""
    voice = await desk.definitions.voice(place.programme_id, place.programme_version)
    requests = ItemFilter(place.engagement_id, "research", is_open=True)
    async with desk.database.reading() as session:
        found = (await list_items(session, requests)).rows
    numbers = {one.item.key: one.item.data.get("number", "") for one in found}
    named = (
        item_title(kind, key, voice.titles, numbers.get(key, "") if kind == "research" else "")
        for kind, _, key in (blocker.partition(":") for blocker in blockers)
    )
    sentence: str = catalogue()["completion"]["blocked"]
    return Problem("refused", sentence.format(items=", ".join(named)), blockers=blockers)
