"""Sends a command to its workflow as an Update, and reports the outcome."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import structlog
from pydantic_core import to_json
from temporalio.api.enums.v1 import PendingWorkflowTaskState
from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateHandle,
    WorkflowUpdateRPCTimeoutOrCancelledError,
    WorkflowUpdateStage,
)
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from services.backend import Backend
from services.problems import Problem
from storage.database import derived_id, new_id
from temporal.connection import TemporalDown
from workflows.ids import command_name
from workflows.messages import REFUSED, Answer

log = structlog.get_logger(__name__)

RETRY_AFTER_SECONDS = 5
"""The wait that a caller is told while Temporal or the workers are away."""

DESCRIBE_TIMEOUT = timedelta(seconds=2)

KEEP_SENDING = 60.0
"""Seconds for which a command is still sent after its caller was told that it takes longer."""

ENDED_MEANWHILE = "AcceptedUpdateCompletedWorkflow"
"""The server's answer to a command whose workflow an operator ended meanwhile."""

PUT_OFF = frozenset(
    {
        RPCStatusCode.FAILED_PRECONDITION,
        RPCStatusCode.ABORTED,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.UNAVAILABLE,
    }
)
"""The server's answers to a command that it cannot take at that moment. The first means that
the workflow's task was dropped with the command, because something else arrived for it.
Temporal's SDK retries the others for a time."""

ASK_AGAIN = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds before a command is sent again after such an answer. The last value repeats."""


async def reachable(backend: Backend) -> Client:
    """A client whose server answers. Raises the problem ``unavailable``."""
    try:
        return await backend.temporal.client()
    except TemporalDown as error:
        raise unavailable() from error


async def send(
    backend: Backend, workflow_id: str, command: object, holder: str, key: str | None
) -> Answer | None:
    """Send ``command`` to a running workflow. Returns ``None`` if it is taken but not recorded yet.

    Raises the problems ``refused`` and ``unavailable``.
    """
    client = await reachable(backend)
    handle = client.get_workflow_handle(workflow_id)
    update = update_id(holder, key, command)

    def sending() -> Awaitable[WorkflowUpdateHandle[Any]]:
        return handle.start_update(
            command_name(type(command)),
            command,
            id=update,
            wait_for_stage=WorkflowUpdateStage.ACCEPTED,
            result_type=Answer,
        )

    return await _answer(backend, handle, sending)


async def send_start(
    backend: Backend,
    client: Client,
    workflow_id: str,
    operation: Callable[[], WithStartWorkflowOperation[Any, Any]],
    command: object,
    update: str,
) -> Answer | None:
    """Start a workflow and send it its first command in one request.

    Raises the problems ``refused`` and ``unavailable``. A started workflow stays started.
    """
    handle = client.get_workflow_handle(workflow_id)

    def sending() -> Awaitable[WorkflowUpdateHandle[Any]]:
        return client.start_update_with_start_workflow(
            command_name(type(command)),
            command,
            # Each start operation can be used once.
            start_workflow_operation=operation(),
            wait_for_stage=WorkflowUpdateStage.ACCEPTED,
            id=update,
            result_type=Answer,
        )

    return await _answer(backend, handle, sending)


async def _answer(
    backend: Backend,
    handle: WorkflowHandle[Any, Any],
    sending: Callable[[], Awaitable[WorkflowUpdateHandle[Any]]],
) -> Answer | None:
    """Wait for acceptance, then for the record, each within the caller's time limit."""
    limit = backend.settings.command_timeout
    accepting = asyncio.create_task(_insist(sending))
    done, _ = await asyncio.wait([accepting], timeout=limit)
    try:
        if done:
            update = accepting.result()
            async with asyncio.timeout(limit):
                answer = await update.result()
            assert isinstance(answer, Answer)
            return answer
        if await _is_at_work(handle):
            _keep_sending(backend, accepting)
            return None
        accepting.cancel()
        await asyncio.wait([accepting])
        raise unavailable()
    except (WorkflowUpdateRPCTimeoutOrCancelledError, TimeoutError):
        # Accepted, so it is durable and will complete without this caller.
        return None
    except WorkflowUpdateFailedError as error:
        raise refused(error) from error
    except WorkflowAlreadyStartedError as error:
        raise Problem("closed") from error
    except RPCError as error:
        raise unsent(error) from error


async def _insist(
    sending: Callable[[], Awaitable[WorkflowUpdateHandle[Any]]],
) -> WorkflowUpdateHandle[Any]:
    """Send a command until it is taken or refused. Its one id means that it is taken once."""
    attempt = 0
    while True:
        try:
            return await sending()
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            # The call was cut off, so its arrival is unknown. The SDK raises the same if our task
            # is cancelled.
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise asyncio.CancelledError from error
        except RPCError as error:
            if error.status not in PUT_OFF:
                raise
            if attempt == 0:
                log.info("command_put_off", status=error.status.name)
        await asyncio.sleep(ASK_AGAIN[min(attempt, len(ASK_AGAIN) - 1)])
        attempt += 1


async def _is_at_work(handle: WorkflowHandle[Any, Any]) -> bool:
    """Whether a worker is processing the workflow, so that the command is there and its record
    is slow.

    A worker reports an acceptance together with its record (a local activity), so a slow
    database delays both. From the second attempt on, a workflow that fails at the command looks
    the same.
    """
    try:
        described = await handle.describe(rpc_timeout=DESCRIBE_TIMEOUT)
    except RPCError:
        return False
    pending = described.raw_description.pending_workflow_task
    started = PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_STARTED
    return pending.state == started and pending.attempt <= 1


def _keep_sending(backend: Backend, accepting: asyncio.Task[WorkflowUpdateHandle[Any]]) -> None:
    """Keep sending a command after its caller has gone, in case the server restarts."""
    backend.still_sending.add(accepting)
    handle = asyncio.get_running_loop().call_later(KEEP_SENDING, accepting.cancel)

    def ended(task: asyncio.Task[WorkflowUpdateHandle[Any]]) -> None:
        handle.cancel()
        backend.still_sending.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.warning("taken_command_failed", error=type(task.exception()).__name__)

    accepting.add_done_callback(ended)


def update_id(holder: str, key: str | None, command: object) -> str:
    """The id under which Temporal takes a command once: the same for the same key and command.

    The server answers a repeated id with the first outcome, whatever the repeat contains.
    """
    if key is None:
        return new_id("upd")
    return derived_id("upd", holder, key, command_name(type(command)), to_json(command).decode())


def unavailable() -> Problem:
    """Temporal cannot be reached, or no worker took the command in time."""
    return Problem("unavailable", retry_after=RETRY_AFTER_SECONDS)


def refused(error: WorkflowUpdateFailedError) -> Problem:
    """The problem for a failed update: the validator's refusal, or a fault of ours, which is
    logged."""
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.type == ENDED_MEANWHILE:
        return Problem("closed")
    if isinstance(cause, ApplicationError) and cause.type == REFUSED:
        return Problem("refused", cause.message, blockers=blockers(cause))
    kind = cause.type if isinstance(cause, ApplicationError) else type(cause).__name__
    log.error("workflow_failed_command", error=kind)
    return Problem("internal")


def blockers(cause: ApplicationError) -> list[str]:
    """The open items in the way, as the workflow listed them: ``kind:key``."""
    for detail in cause.details:
        if isinstance(detail, dict) and isinstance(detail.get("blockers"), list):
            return [str(one) for one in detail["blockers"]]
    return []


def unsent(error: RPCError) -> Problem:
    """The problem for a failed request to Temporal."""
    if error.status == RPCStatusCode.NOT_FOUND:
        return Problem("closed")
    if error.status in {RPCStatusCode.INVALID_ARGUMENT, RPCStatusCode.PERMISSION_DENIED}:
        log.error("request_refused", status=error.status.name)
        return Problem("internal")
    # The message may quote a person, so log the status alone.
    log.warning("request_not_taken", status=error.status.name)
    return unavailable()
