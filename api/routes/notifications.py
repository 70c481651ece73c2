"""One notification: what became of it, why, and what a manager says about its trouble."""

from api.commands.notifications import resolve_notification as resolve
from api.guard import Commanded, Read, guarded_router
from api.readings import notifications as shown
from api.routes.answering import COMMAND, FOUND, READ
from api.schemas.fields import Id
from api.schemas.notifications import Explanation, NotificationDetail, Resolution

router = guarded_router("Records")


@router.get(
    "/notifications/{notification_id}", summary="Show a notification", responses=READ | FOUND
)
async def show_notification(notification_id: Id, call: Read) -> NotificationDetail:
    """One notification with every attempt to send it and every report about it."""
    return await shown.notification(call.desk, call.actor, notification_id)


@router.get(
    "/notifications/{notification_id}/explain",
    summary="Explain a notification",
    responses=READ | FOUND,
)
async def explain_notification(notification_id: Id, call: Read) -> Explanation:
    """Why it was sent when it was, or why it was not: in sentences, and the facts behind them."""
    return await shown.explained(call.desk, call.actor, notification_id)


@router.post(
    "/notifications/{notification_id}/resolve",
    summary="Resolve a delivery trouble",
    responses=COMMAND,
)
async def resolve_notification(
    notification_id: Id, body: Resolution, call: Commanded
) -> NotificationDetail:
    """Say that it arrived, have it sent again, or let it rest. Refused where it cannot be."""
    await resolve(call.desk, call.actor, notification_id, body.choice, body.note, key=call.key)
    return await shown.notification(call.desk, call.actor, notification_id)
