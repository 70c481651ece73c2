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
        if done in (1, 2, 4):
            raise OSError("lea@example.org is not here")
        if done == 5:
            enough.set()

    async def short_rest() -> None:
        await asyncio.sleep(0)

    async with rounds.rounds(work, short_rest):
        await asyncio.wait_for(enough.wait(), 100)
    # The third went well: after it, a failure is the first one again.
    assert waited == [1, 2, 1]
    assert "lea@" not in caplog.text


def test_what_fails_again_and_again_is_tried_soon_and_then_less_often() -> None:
    waits = [wait.total_seconds() for wait in islice(rounds.pauses(), 9)]
    assert waits == [5, 10, 20, 40, 80, 160, 320, 600, 600]


async def rest() -> None:
    await asyncio.Event().wait()


async def test_the_end_of_the_block_ends_the_wait_for_the_next_round() -> None:
    resting, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        pass

    async def long_rest() -> None:
        resting.set()
        try:
            await rest()
        finally:
            ended.set()

    async with asyncio.timeout(100), rounds.rounds(work, long_rest):
        await resting.wait()
    assert ended.is_set()


async def test_a_round_under_way_is_seen_to_its_end() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    done = False

    async def work() -> None:
        nonlocal done
        begun.set()
        await go_on.wait()
        # A statement that is cut off here would answer a loop that has closed.
        await asyncio.sleep(0)
        done = True

    async with asyncio.timeout(100), rounds.rounds(work, rest):
        await begun.wait()
        asyncio.get_running_loop().call_later(0.05, go_on.set)
    assert done


async def test_but_not_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "GRACE", timedelta())
    begun, cut_off = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cut_off.set()

    async with asyncio.timeout(100), rounds.rounds(work, rest):
        await begun.wait()
    assert cut_off.is_set()
