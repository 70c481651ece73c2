"""Waiting for a condition of a real system: bounded, and with a word for what was missed."""

import asyncio
import time
from collections.abc import Awaitable, Callable

ASK_EVERY_SECONDS = 0.05


async def comes_true(condition: Callable[[], Awaitable[bool]], *, within: float) -> bool:
    """Whether the condition holds before so many seconds have passed; returns once it does."""
    deadline = time.monotonic() + within
    while not await condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(ASK_EVERY_SECONDS)
    return True


async def until(
    condition: Callable[[], Awaitable[bool]], what: str, *, within: float = 200.0
) -> None:
    """Return once the condition holds. Fails where ``what`` does not happen."""
    if not await comes_true(condition, within=within):
        raise AssertionError(f"within {within:.0f} s this did not happen: {what}")
