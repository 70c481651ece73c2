"""The onboarding of an engagement and its steps."""

from api.answers import COMMAND, FOUND, READ, item_state
from api.bodies import Reason, StepDone
from api.fields import Id
from api.guard import Commanded, Read, guarded_router
from services import onboarding as commands
from services.views import items as shown
from services.views.rows import Item

router = guarded_router("Onboarding")


@router.get(
    "/engagements/{engagement_id}/onboarding", summary="Show the onboarding", responses=READ | FOUND
)
async def show_onboarding(engagement_id: Id, call: Read) -> Item:
    """The steps with which a member joins, and which of them are done."""
    item_id = commands.onboarding_id(engagement_id)
    return await shown.item(call.backend, call.actor, item_id, commands.KIND)


@router.post(
    "/engagements/{engagement_id}/onboarding/steps/{step}/complete",
    summary="Complete a step",
    responses=COMMAND,
)
async def complete_step(engagement_id: Id, step: Id, body: StepDone, call: Commanded) -> Item:
    """A step is done; the steps that waited for it open. A member completes its own steps."""
    taken = await commands.complete_step(
        call.backend, call.actor, engagement_id, step, body.text, done_on=body.done_on, key=call.key
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
        call.backend, call.actor, engagement_id, step, body.reason, key=call.key
    )
    return await item_state(call, commands.onboarding_id(engagement_id), taken)
