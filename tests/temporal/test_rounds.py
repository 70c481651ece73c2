"""Rounds of work beside the process: one that fails is not the last, and the end ends them."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

import pytest

from temporal import rounds


async def test_a_round_that_fails_is_followed_by_another(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    waited: list[int] = []

    def pauses() -> Iterator[timedelta]:
        for failures in range(1, 9):
            waited.append(failures)
            yield timedelta()

    monkeypatch.setattr(rounds, "pauses", pauses)
    done, enough = 0, asyncio.Event()

    async def work() -> None:
        nonlocal done
        done += 1
        if done in {1, 2, 4}:
            raise OSError("lea@example.org is not here")
        if done == 5:
            enough.set()
            await asyncio.Event().wait()

    async with rounds.rounds(work):
        await asyncio.wait_for(enough.wait(), 30)
    # The third went well: after it, a failure is the first one again.
    assert waited == [1, 2, 1]
    assert "lea@" not in caplog.text


def test_what_fails_again_and_again_is_tried_soon_and_then_less_often() -> None:
    waits = [wait.total_seconds() for wait in islice(rounds.pauses(), 9)]
    assert waits == [5, 10, 20, 40, 80, 160, 320, 600, 600]


async def test_the_end_of_the_block_ends_a_round_that_waits() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with rounds.rounds(work):
        await asyncio.sleep(0)
    assert ended.is_set()
