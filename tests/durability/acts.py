"""What the tests of durability do to an engagement, and what they wait for."""

import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from temporalio.service import RPCError, RPCStatusCode

from programmes.rules import ItemKind
from tests.durability.waiting import until
from tests.workflows.office import Engaged
from tests.workflows.stories import LEAD
from workflows.engagement import Engagement
from workflows.ids import scheduled_item_id
from workflows.messages import Answer, CompleteStep, EngagementProgress, ItemProgress, OpenRequest

REQUEST = "itm_request"

REFUSALS_THAT_PASS = {RPCStatusCode.FAILED_PRECONDITION, RPCStatusCode.UNAVAILABLE}
"""How a server puts off a command: while it is away, or while a workflow's decisions time out."""


async def insist(
    engaged: Engaged, command: object, kind: ItemKind | None = None, item_id: str = ""
) -> Answer:
    """Give a command to an engagement or an item until it is taken, under one id."""
    if kind is None:
        return await persist(lambda one: engaged.command(command, update_id=one))
    return await persist(lambda one: engaged.item_command(kind, item_id, command, update_id=one))


async def persist(ask: Callable[[str], Awaitable[Answer]]) -> Answer:
    """Ask for the same under the same id until it is taken, as callers of the API do on a 503."""
    update_id = uuid.uuid4().hex
    answers: list[Answer] = []

    async def taken() -> bool:
        try:
            answers.append(await ask(update_id))
        except RPCError as error:
            if error.status not in REFUSALS_THAT_PASS:
                raise
        return bool(answers)

    await until(taken, "a command is taken", within=250)
    return answers[0]


def onboarding_of(engaged: Engaged) -> str:
    """The id of its onboarding."""
    return scheduled_item_id(engaged.id, "onboarding", "onboarding")


async def progress_of(engaged: Engaged) -> EngagementProgress:
    """All of the engagement's state, as its workflow has it."""
    return await engaged.handle.query(Engagement.progress)


async def item_progress_of(engaged: Engaged, kind: ItemKind, item_id: str) -> ItemProgress:
    """All of an item's state, as its workflow has it."""
    found: ItemProgress = await engaged.item_handle(kind, item_id).query(
        "progress", result_type=ItemProgress
    )
    return found


async def item(engaged: Engaged, item_id: str) -> dict[str, Any]:
    """The read model of an item; empty where there is none."""
    return next((row for row in await engaged.rows("items") if row["id"] == item_id), {})


async def runs(engaged: Engaged, kind: ItemKind, item_id: str) -> bool:
    """Whether an item's workflow has been started: the item is on record a moment before."""
    try:
        await engaged.item_handle(kind, item_id).describe()
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        return False
    return True


async def until_open(engaged: Engaged, kind: ItemKind) -> None:
    """Wait until an item of that kind is open, and its workflow runs."""

    async def is_open() -> bool:
        return any(
            [
                await runs(engaged, kind, str(row["id"]))
                for row in await engaged.rows("items")
                if row["kind"] == kind and not row["closed_at"]
            ]
        )

    await until(is_open, f"an item opens: {kind}")


async def until_closed(engaged: Engaged, item_id: str) -> dict[str, Any]:
    """Wait until an item has closed, and give its read model."""

    async def is_closed() -> bool:
        return bool((await item(engaged, item_id)).get("closed_at"))

    await until(is_closed, f"an item closes: {item_id}")
    return await item(engaged, item_id)


async def until_forgotten(engaged: Engaged, item_id: str) -> None:
    """Wait until the engagement has heard that an item is over."""

    async def is_forgotten() -> bool:
        return item_id not in (await progress_of(engaged)).items

    await until(is_forgotten, f"the engagement hears of the end of {item_id}")


async def until_stage(engaged: Engaged, stage: str) -> None:
    """Wait until the engagement's read model is at that stage."""

    async def is_there() -> bool:
        return (await engaged.row())["stage"] == stage

    await until(is_there, f"the engagement is {stage}")


async def submit_request(engaged: Engaged, item_id: str = REQUEST) -> str:
    """A member submits a research request; gives its id."""
    await engaged.command(OpenRequest(LEAD, item_id, await engaged.office.text()))
    return item_id


async def finish_onboarding(engaged: Engaged) -> None:
    """All steps of the tour's onboarding, one after the other."""
    for step in ("hello", "plan"):
        await engaged.item_command("onboarding", onboarding_of(engaged), CompleteStep(LEAD, step))
    await until_stage(engaged, "active")
