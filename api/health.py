"""Whether the process is alive, and whether everything that it needs is ready."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel
from sqlalchemy import text

from api.problems import documented
from services.backend import Backend
from services.problems import Problem
from services.views.rows import example
from storage.migrate import is_current
from temporal.connection import TemporalDown

router = APIRouter(tags=["Health"])

RETRY_AFTER = 5
"""Seconds to wait before asking again."""

CHECK_TIMEOUT = 4.0
"""Seconds for each check: a load balancer asks every few seconds."""


class Liveness(BaseModel):
    """The process answers."""

    model_config = example({"status": "ok"})
    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """Each part that the API needs, and whether it is ready."""

    model_config = example(
        {
            "status": "ready",
            "checks": {"database": "ok", "migrations": "ok", "temporal": "ok"},
        }
    )
    status: Literal["ready", "reading"]
    """``reading``: Temporal is away, so pages and reads work, and commands do not."""
    checks: dict[str, str]


@router.get("/healthz", summary="Is the process alive?")
async def healthz() -> Liveness:
    """Answer `ok` while the process runs. It checks nothing else."""
    return Liveness()


@router.get("/readyz", summary="Can it serve?", responses=documented(503))
async def readyz(request: Request) -> Readiness:
    """Check the database, migrations and Temporal. If only Temporal is down, `status` is
    `reading`, with 200: pages and reads still work, so a proxy must keep sending requests."""
    backend: Backend = request.app.state.backend
    names = ("database", "migrations", "temporal")
    found = await asyncio.gather(
        _found(lambda: _database(backend)),
        _found(lambda: _migrations(backend)),
        _found(lambda: _temporal(backend)),
    )
    checks = dict(zip(names, found, strict=True))
    if any(result != "ok" for name, result in checks.items() if name != "temporal"):
        raise Problem("not-ready", checks=checks, retry_after=RETRY_AFTER)
    return Readiness(status="ready" if checks["temporal"] == "ok" else "reading", checks=checks)


async def _found(check: Callable[[], Awaitable[str]]) -> str:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT):
            return await check()
    except TimeoutError:
        return "no answer in time"
    except TemporalDown:
        return "cannot be reached"
    except Exception as error:
        # The message may hold an address with a password.
        return f"failed: {type(error).__name__}"


async def _database(backend: Backend) -> str:
    async with backend.database.reading() as session:
        await session.execute(text("SELECT 1"))
    return "ok"


async def _migrations(backend: Backend) -> str:
    return "ok" if await is_current(backend.database) else "not up to date"


async def _temporal(backend: Backend) -> str:
    await backend.temporal.client()
    return "ok"
