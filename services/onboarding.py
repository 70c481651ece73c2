"""Commands to an onboarding: its steps are completed, or waived with a reason."""

from datetime import date

from services.access import item_in_reach
from services.backend import Backend
from services.items import send_to_item, written
from services.permissions import Actor
from workflows.ids import scheduled_item_id
from workflows.messages import Answer, CompleteStep, WaiveStep

KIND = "onboarding"


def onboarding_id(engagement_id: str) -> str:
    """The item that every engagement opens first."""
    return scheduled_item_id(engagement_id, "onboarding", "onboarding")


async def complete_step(
    backend: Backend,
    actor: Actor,
    engagement_id: str,
    step: str,
    remark: str | None = None,
    *,
    done_on: date | None = None,
    key: str | None = None,
) -> Answer | None:
    """A step is done, today or on a day that is over. A member completes its own steps alone."""
    place = await item_in_reach(
        backend, actor, "complete_step", onboarding_id(engagement_id), KIND, f"step:{step}"
    )
    async with written(backend, actor, key, remark=remark) as texts:
        command = CompleteStep(actor.holder_id, step, texts.get("remark"), done_on)
        return await send_to_item(backend, actor, place, command, key)


async def waive_step(
    backend: Backend,
    actor: Actor,
    engagement_id: str,
    step: str,
    reason: str,
    *,
    key: str | None = None,
) -> Answer | None:
    """A step is not needed."""
    place = await item_in_reach(backend, actor, "waive_step", onboarding_id(engagement_id), KIND)
    async with written(backend, actor, key, reason=reason) as texts:
        command = WaiveStep(actor.holder_id, step, texts["reason"])
        return await send_to_item(backend, actor, place, command, key)
