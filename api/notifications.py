"""One notification: its delivery, the reasons, and a manager's choice about its trouble."""

from typing import Annotated

from pydantic import Field

from api.answers import COMMAND, FOUND, READ
from api.fields import Body, Id, Paragraphs, shown
from api.guard import Commanded, Read, guarded_router
from notifications.delivery.resolving import Choice
from services.notifications import resolve_notification as resolve
from services.views.explanations import Explanation, explained
from services.views.notifications import NotificationDetail, notification

router = guarded_router("Records")


class Resolution(Body):
    """What a manager decides about an email in trouble."""

    model_config = shown(choice="dismiss", note="I have rung her.")
    choice: Choice
    note: Annotated[Paragraphs | None, Field(description="How you know, or why.")] = None


@router.get(
    "/notifications/{notification_id}", summary="Show a notification", responses=READ | FOUND
)
async def show_notification(notification_id: Id, call: Read) -> NotificationDetail:
    """Show one notification with every attempt to send it and every report about it."""
    return await notification(call.backend, call.actor, notification_id)


@router.get(
    "/notifications/{notification_id}/explain",
    summary="Explain a notification",
    responses=READ | FOUND,
)
async def explain_notification(notification_id: Id, call: Read) -> Explanation:
    """Explain why it was sent when it was, or why not: in sentences, with the facts behind them."""
    return await explained(call.backend, call.actor, notification_id)


@router.post(
    "/notifications/{notification_id}/resolve",
    summary="Resolve a delivery problem",
    responses=COMMAND,
)
async def resolve_notification(
    notification_id: Id, body: Resolution, call: Commanded
) -> NotificationDetail:
    """Say that it arrived, send it again, or dismiss it. Refused if its state does not allow
    that."""
    await resolve(call.backend, call.actor, notification_id, body.choice, body.note, key=call.key)
    return await notification(call.backend, call.actor, notification_id)
