"""The onboarding of an engagement and its steps."""

from api.commands import onboarding as commands
from api.guard import Commanded, Read, guarded_router
from api.readings import items as shown
from api.routes.answering import COMMAND, FOUND, READ, item_state
from api.schemas.answers import Item
from api.schemas.commands import Reason, StepDone
from api.schemas.fields import Id

router = guarded_router("Onboarding")


@router.get(
    "/engagements/{engagement_id}/onboarding", summary="Show the onboarding", responses=READ | FOUND
)
async def show_onboarding(engagement_id: Id, call: Read) -> Item:
    """The steps with which a member joins, and which of them are done."""
    item_id = commands.onboarding_id(engagement_id)
    return await shown.item(call.desk, call.actor, item_id, commands.KIND)


@router.post(
    "/engagements/{engagement_id}/onboarding/steps/{step}/complete",
    summary="Complete a step",
    responses=COMMAND,
)
async def complete_step(engagement_id: Id, step: Id, body: StepDone, call: Commanded) -> Item:
    """A step is done; the steps that waited for it open. A member completes its own steps."""
    taken = await commands.complete_step(
        call.desk, call.actor, engagement_id, step, body.text, done_on=body.done_on, key=call.key
    )
    return await item_state(call, commands.onboarding_id(engagement_id), taken)


@router.post(
    "/engagements/{engagement_id}/onboarding/steps/{step}/waive",
    summary="Waive a step",
    responses=COMMAND,
)
async def waive_step(engagement_id: Id, step: Id, body: Reason, call: Commanded) -> Item:
    """A step is not needed, for a reason that the member hears."""
    taken = await commands.waive_step(
        call.desk, call.actor, engagement_id, step, body.reason, key=call.key
    )
    return await item_state(call, commands.onboarding_id(engagement_id), taken)
