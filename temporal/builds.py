"""Builds of the worker: which one new work goes to, and what still runs on each.

A worker with a build takes part in Worker Versioning. Temporal keeps a workflow on the build that
it began on, until it continues as new. An office is one deployment, named after its task queue.
"""

from dataclasses import dataclass

from temporalio.api.deployment.v1 import WorkerDeploymentInfo
from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    SetWorkerDeploymentCurrentVersionRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode


class UnknownBuild(Exception):
    """No worker of that build has served this office yet."""


@dataclass(frozen=True)
class Build:
    """One build that has served this office."""

    id: str
    current: bool
    """Whether new workflows begin on it, and those that continue as new."""
    running: int
    """How many workflows run on it."""


async def builds(client: Client, task_queue: str) -> list[Build]:
    """Every build that Temporal knows, the newest first. Raises ``RPCError``."""
    info = await _described(client, task_queue)
    current = info.routing_config.current_deployment_version.build_id
    newest_first = sorted(
        info.version_summaries, key=lambda one: one.create_time.ToNanoseconds(), reverse=True
    )
    ids = [one.deployment_version.build_id for one in newest_first]
    return [Build(id, id == current, await _running(client, task_queue, id)) for id in ids]


async def without_build(client: Client, task_queue: str) -> int:
    """How many workflows run that no build has begun."""
    queue = _quoted(task_queue)
    query = (
        f"ExecutionStatus = 'Running' AND TaskQueue = '{queue}' "
        "AND TemporalWorkerDeploymentVersion IS NULL"
    )
    return (await client.count_workflows(query)).count


async def set_current(client: Client, task_queue: str, build: str) -> str:
    """Send new work to a build. Returns the build that it went to before, or an empty string.

    Raises ``UnknownBuild``, and ``RPCError`` where Temporal refuses for another reason.
    """
    known = {
        one.deployment_version.build_id
        for one in (await _described(client, task_queue)).version_summaries
    }
    if build not in known:
        raise UnknownBuild(build)
    response = await client.workflow_service.set_worker_deployment_current_version(
        SetWorkerDeploymentCurrentVersionRequest(
            namespace=client.namespace,
            deployment_name=task_queue,
            build_id=build,
            identity=client.identity,
        )
    )
    return response.previous_deployment_version.build_id


async def _described(client: Client, task_queue: str) -> WorkerDeploymentInfo:
    try:
        described = await client.workflow_service.describe_worker_deployment(
            DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=task_queue)
        )
    except RPCError as error:
        if error.status == RPCStatusCode.NOT_FOUND:
            return WorkerDeploymentInfo()
        raise
    return described.worker_deployment_info


async def _running(client: Client, task_queue: str, build: str) -> int:
    version = _quoted(f"{task_queue}:{build}")
    query = f"ExecutionStatus = 'Running' AND TemporalWorkerDeploymentVersion = '{version}'"
    return (await client.count_workflows(query)).count


def _quoted(text: str) -> str:
    return text.replace("'", "''")
