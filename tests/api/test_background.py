"""Rounds of work beside the process: one that fails is not the last, and the end ends them."""

import asyncio
from datetime import timedelta

import pytest

from api import background


async def test_a_round_that_fails_is_followed_by_another(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(background, "AGAIN", timedelta())
    done, enough = 0, asyncio.Event()

    async def work() -> None:
        nonlocal done
        done += 1
        if done < 3:
            raise OSError("lea@example.org is not here")
        enough.set()
        await asyncio.Event().wait()

    async with background.rounds(work):
        await asyncio.wait_for(enough.wait(), 30)
    assert done == 3
    assert "lea@" not in caplog.text


async def test_the_end_of_the_block_ends_a_round_that_waits() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with background.rounds(work):
        await asyncio.sleep(0)
    assert ended.is_set()
