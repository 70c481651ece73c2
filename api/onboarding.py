"""The onboarding of an engagement and its steps."""

from pydantic import Field

from api.answers import COMMAND, FOUND, READ
from api.fields import Day, Id, OptionalText, Reason, shown
from api.guard import Commanded, Read, guarded_router
from api.items import carry_out
from services.items import onboarding_id
from services.views.items import Item, item
from workflows.messages import CompleteStep, WaiveStep

router = guarded_router("Onboarding")

KIND = "onboarding"


class StepDone(OptionalText):
    """A remark, and the day on which the step was done, if it was earlier."""

    model_config = shown(text="Signed by the chief executive.")
    done_on: Day | None = Field(
        default=None,
        description="For members who joined before the office had Milepost, for instance.",
    )


@router.get(
    "/engagements/{engagement_id}/onboarding", summary="Show the onboarding", responses=READ | FOUND
)
async def show_onboarding(engagement_id: Id, call: Read) -> Item:
    """Show the steps with which a member joins, and which of them are done."""
    return await item(call.backend, call.actor, onboarding_id(engagement_id), KIND)


@router.post(
    "/engagements/{engagement_id}/onboarding/steps/{step}/complete",
    summary="Complete a step",
    responses=COMMAND,
)
async def complete_step(engagement_id: Id, step: Id, body: StepDone, call: Commanded) -> Item:
    """Complete a step. The steps that waited for it open. A member completes its own steps."""
    return await carry_out(
        call,
        onboarding_id(engagement_id),
        KIND,
        CompleteStep,
        texts={"text": body.text},
        task=f"step:{step}",
        values={"step": step, "done_on": body.done_on},
    )


@router.post(
    "/engagements/{engagement_id}/onboarding/steps/{step}/waive",
    summary="Waive a step",
    responses=COMMAND,
)
async def waive_step(engagement_id: Id, step: Id, body: Reason, call: Commanded) -> Item:
    """Waive a step that is not needed. The member gets the reason."""
    return await carry_out(
        call,
        onboarding_id(engagement_id),
        KIND,
        WaiveStep,
        texts={"reason": body.reason},
        values={"step": step},
    )
