"""The manager's choices about an email in trouble: it arrived, send it again, or leave it."""

import asyncio
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.client import Client
from temporalio.service import RPCError

from activities.inputs import RedeliverInput
from notifications.delivery.resolving import Choice, NotPossible, UserDecision, check, settle
from services.backend import OFFICE_CLOCK, Backend
from services.dispatch import reachable, unsent
from services.permissions import Actor, require
from services.problems import Problem, RecordPending, problem_words
from storage import master
from storage.database import derived_id, new_id
from storage.queries.notifications import NotificationDetail, show_notification
from storage.queries.troubles import reason_of
from temporal.starting import start_round

LOOK_EVERY = 0.05
"""Seconds between two checks whether the new round is recorded."""


async def resolve_notification(
    backend: Backend,
    actor: Actor,
    notification_id: str,
    choice: Choice,
    note: str | None = None,
    *,
    key: str | None = None,
) -> None:
    """Carry out the choice. Raises the problems ``not-found``, ``refused`` and ``unavailable``,
    and ``RecordPending`` if a new round is taken but not recorded yet."""
    require(actor, "resolve_notification")
    detail = await _detail(backend, notification_id)
    try:
        if choice == "send_again":
            await _send_again(backend, actor, detail, note, key)
            return
        async with backend.database.transaction() as session:
            text_id = await _note(session, backend, actor, note, key)
            word = UserDecision(actor.holder_id, text_id)
            await settle(session, notification_id, choice, word, backend.now())
    except NotPossible as error:
        raise refused(error, detail.row.state) from None


async def _send_again(
    backend: Backend, actor: Actor, detail: NotificationDetail, note: str | None, key: str | None
) -> None:
    check(
        "send_again",
        state=detail.row.state,
        reason=reason_of(detail.row, backend.now()),
        resolution=detail.resolution,
        since=detail.row.changed_at,
        now=backend.now(),
        wait=timedelta(seconds=backend.settings.unknown_after),
    )
    client = await reachable(backend)
    async with backend.database.transaction() as session:
        text_id = await _note(session, backend, actor, note, key)
    number = detail.round + 1
    await start_redelivery(
        client, backend, RedeliverInput(detail.row.id, number, actor.holder_id, text_id)
    )
    await _until(backend, detail.row.id, number)


async def start_redelivery(client: Client, backend: Backend, of: RedeliverInput) -> None:
    """Start a round that sends it again. Raises the problem ``unavailable``."""
    try:
        await start_round(client, backend.settings.task_queue, of)
    except RPCError as error:
        raise unsent(error) from error


async def _until(backend: Backend, notification_id: str, number: int) -> None:
    """Wait until the round is recorded, so that the next read shows it."""
    try:
        async with asyncio.timeout(backend.settings.command_timeout):
            while (await _detail(backend, notification_id)).round < number:  # noqa: ASYNC110
                await asyncio.sleep(LOOK_EVERY)
    except TimeoutError:
        raise RecordPending(f"/api/v1/notifications/{notification_id}") from None


async def _detail(backend: Backend, notification_id: str) -> NotificationDetail:
    async with backend.database.reading() as session:
        detail = await show_notification(session, notification_id)
    if detail is None:
        raise Problem("not-found")
    return detail


async def _note(
    session: AsyncSession, backend: Backend, actor: Actor, note: str | None, key: str | None
) -> str | None:
    if note is None:
        return None
    text_id = derived_id("txt", actor.holder_id, key, "note") if key else new_id("txt")
    await master.store_text(
        session, id=text_id, body=note, author_id=actor.holder_id, now=backend.now()
    )
    return text_id


def refused(error: NotPossible, state: str) -> Problem:
    """The problem for a choice that the notification's state does not allow. It lists those
    allowed."""
    words: Any = problem_words()["delivery"]
    if error.wait_until is not None:
        detail = words["too_early"].format(at=OFFICE_CLOCK.moment(error.wait_until))
    elif error.choices:
        detail = words["other_choice"].format(choices=", ".join(error.choices))
    elif state == "claimed":
        detail = words["still_tried"]
    else:
        detail = words["no_trouble"]
    return Problem("refused", detail)
