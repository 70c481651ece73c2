"""Waiting for a condition of a real system: bounded, and with a word for what was missed."""

import asyncio
import time
from collections.abc import Awaitable, Callable

ASK_EVERY_SECONDS = 0.05


async def until(
    condition: Callable[[], Awaitable[bool]], what: str, *, within: float = 60.0
) -> None:
    """Return once the condition holds. Fails with ``what`` did not happen."""
    deadline = time.monotonic() + within
    while not await condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"within {within:.0f} s this did not happen: {what}")
        await asyncio.sleep(ASK_EVERY_SECONDS)
