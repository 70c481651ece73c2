"""Sends a command to its workflow as an Update, and says plainly what came of it."""

import asyncio
import logging
import re
from datetime import timedelta
from typing import Any

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowUpdateFailedError,
    WorkflowUpdateHandle,
    WorkflowUpdateRPCTimeoutOrCancelledError,
    WorkflowUpdateStage,
)
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from api.desk import Desk
from api.problems import Problem
from api.temporal import TemporalDown
from storage.ids import derived_id, new_id
from workflows.messages import REFUSED, Answer

log = logging.getLogger("milepost.api")

_INNER_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

RETRY_AFTER_SECONDS = 5
"""What a caller is told to wait when Temporal cannot be reached, or no worker takes the command."""


async def reachable(desk: Desk) -> Client:
    """A client whose server answers. Raises the problem ``unavailable``."""
    try:
        return await desk.temporal.client()
    except TemporalDown as error:
        raise unavailable() from error


async def send(
    desk: Desk, workflow_id: str, command: object, holder: str, key: str | None
) -> Answer | None:
    """Send ``command`` to a running workflow; ``None`` where it is taken but not on record yet.

    Raises the problems ``refused`` and ``unavailable``.
    """
    client = await reachable(desk)
    limit = desk.settings.command_timeout
    handle = client.get_workflow_handle(workflow_id)
    try:
        async with asyncio.timeout(limit):
            update = await handle.start_update(
                update_name(command),
                command,
                id=update_id(holder, key),
                wait_for_stage=WorkflowUpdateStage.ACCEPTED,
                result_type=Answer,
                rpc_timeout=timedelta(seconds=limit),
            )
    except (WorkflowUpdateRPCTimeoutOrCancelledError, TimeoutError) as error:
        raise unavailable() from error
    except WorkflowUpdateFailedError as error:
        raise refused(error) from error
    except RPCError as error:
        raise unsent(error) from error
    return await outcome(update, limit)


async def send_start(
    desk: Desk,
    client: Client,
    operation: WithStartWorkflowOperation[Any, Any],
    command: object,
    update: str,
) -> Answer | None:
    """Start a workflow and send it its first command in one request.

    Raises the problems ``refused`` and ``unavailable``; what was started stays started.
    """
    limit = desk.settings.command_timeout
    try:
        async with asyncio.timeout(limit):
            handle = await client.start_update_with_start_workflow(
                update_name(command),
                command,
                start_workflow_operation=operation,
                wait_for_stage=WorkflowUpdateStage.ACCEPTED,
                id=update,
                result_type=Answer,
                rpc_timeout=timedelta(seconds=limit),
            )
    except (WorkflowUpdateRPCTimeoutOrCancelledError, TimeoutError) as error:
        raise unavailable() from error
    except WorkflowUpdateFailedError as error:
        raise refused(error) from error
    except WorkflowAlreadyStartedError as error:
        raise Problem("closed") from error
    except RPCError as error:
        raise unsent(error) from error
    return await outcome(handle, limit)


async def outcome(update: WorkflowUpdateHandle[Any], limit: float) -> Answer | None:
    """The answer to an accepted command, or ``None`` where its record takes longer."""
    try:
        async with asyncio.timeout(limit):
            answer = await update.result(rpc_timeout=timedelta(seconds=limit))
    except (WorkflowUpdateRPCTimeoutOrCancelledError, TimeoutError, RPCError):
        # It is durable: whatever keeps the answer away, the command completes.
        return None
    except WorkflowUpdateFailedError as error:
        raise refused(error) from error
    assert isinstance(answer, Answer)
    return answer


def update_name(command: object) -> str:
    """The name of a command's update: its class in snake case."""
    return _INNER_CAPITAL.sub("_", type(command).__name__).lower()


def update_id(holder: str, key: str | None) -> str:
    """The id under which Temporal takes a command once: the same for the same key."""
    return derived_id("upd", holder, key) if key else new_id("upd")


def unavailable() -> Problem:
    """Temporal cannot be reached, or no worker took the command in time."""
    return Problem(
        "unavailable",
        retry_after=RETRY_AFTER_SECONDS,
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
    )


def refused(error: WorkflowUpdateFailedError) -> Problem:
    """What the workflow's validator said; anything else is a fault of ours and is logged as one."""
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.type == REFUSED:
        return Problem("refused", cause.message, blockers=blockers(cause))
    kind = cause.type if isinstance(cause, ApplicationError) else type(cause).__name__
    log.error("a workflow failed a command: %s", kind)
    return Problem("internal")


def blockers(cause: ApplicationError) -> list[str]:
    """What stands in the way, as the workflow listed it: ``kind:key`` of open items."""
    for detail in cause.details:
        if isinstance(detail, dict) and isinstance(detail.get("blockers"), list):
            return [str(one) for one in detail["blockers"]]
    return []


def unsent(error: RPCError) -> Problem:
    """What a failed request to Temporal means to the caller."""
    if error.status == RPCStatusCode.NOT_FOUND:
        return Problem("closed")
    if error.status in {RPCStatusCode.INVALID_ARGUMENT, RPCStatusCode.PERMISSION_DENIED}:
        log.error("Temporal refused a request: %s", error.status.name)
        return Problem("internal")
    return unavailable()
