"""Looks after the parts of one office: starts them together, restarts what dies, stops them all."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from embedded.services import NotReady, Service
from embedded.temporal_server import ServerFailed

LOOK_EVERY_SECONDS = 0.2
FIRST_BACKOFF_SECONDS = 1.0
LONGEST_BACKOFF_SECONDS = 30.0
SETTLED_AFTER_SECONDS = 60.0
"""A part that has run this long starts again without a growing delay."""


@dataclass(frozen=True)
class Happening:
    """Something that a person who watches wants to know; who shows it has the words."""

    what: Literal[
        "waiting", "starting", "ready", "died", "restarting", "failed", "stopping", "stopped"
    ]
    part: str
    seconds: float = 0.0
    detail: str = ""


@dataclass(frozen=True)
class Step:
    """Something done once before the parts after it start, such as the database's migrations."""

    name: str
    run: Callable[[], Awaitable[None]]


Tell = Callable[[Happening], None]


class Supervisor:
    """Runs the parts. Use it from the main thread's event loop.

    They start in the order given, without waiting for each other, and stop in reverse. A part that
    dies is started again after a delay that doubles from 1 s to 30 s.
    """

    def __init__(
        self,
        parts: Sequence[Service | Step],
        tell: Tell,
        *,
        first_backoff_seconds: float = FIRST_BACKOFF_SECONDS,
    ) -> None:
        self._parts = tuple(parts)
        self._tell = tell
        self._first_backoff = first_backoff_seconds
        self._started: list[Service] = []
        self._watches: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start every part, run each step where it stands, and return once all parts are ready.

        Parts wait for each other themselves, so their programs load at the same time. Raises
        NotReady or ServerFailed where one does not get ready; all are stopped by then.
        """
        opening: list[asyncio.Task[None]] = []
        try:
            for part in self._parts:
                began = time.monotonic()
                self._tell(Happening("starting", part.name))
                if isinstance(part, Step):
                    await part.run()
                    self._tell(Happening("ready", part.name, time.monotonic() - began))
                else:
                    # Noted before it starts: whatever interrupts us, it will be stopped.
                    self._started.append(part)
                    part.start()
                    opening.append(asyncio.create_task(self._await_ready(part, began)))
            await asyncio.gather(*opening)
        except BaseException:
            for task in opening:
                task.cancel()
            await asyncio.gather(*opening, return_exceptions=True)
            await self.stop()
            raise
        self._watches = [asyncio.create_task(self._watch(part)) for part in self._started]

    async def _await_ready(self, part: Service, began: float) -> None:
        await part.wait_ready()
        self._tell(Happening("ready", part.name, time.monotonic() - began))

    async def stop(self) -> None:
        """Stop the parts in reverse order, each within its grace period. Safe to call twice."""
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        self._watches = []
        try:
            while self._started:
                part = self._started[-1]
                if part.is_running:
                    began = time.monotonic()
                    self._tell(Happening("stopping", part.name))
                    await part.stop()
                    self._tell(Happening("stopped", part.name, time.monotonic() - began))
                self._started.pop()
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        """End every part at once, without its grace period."""
        for part in reversed(self._started):
            part.kill()
        self._started = []

    async def _watch(self, part: Service) -> None:
        backoff = self._first_backoff
        while True:
            began = time.monotonic()
            while part.is_running:  # noqa: ASYNC110 - a process that ends sets no event
                await asyncio.sleep(LOOK_EVERY_SECONDS)
            ran = time.monotonic() - began
            if ran >= SETTLED_AFTER_SECONDS:
                backoff = self._first_backoff
            self._tell(Happening("died", part.name, ran, str(part.log_file)))
            await asyncio.sleep(backoff)
            self._tell(Happening("restarting", part.name, backoff))
            backoff = min(backoff * 2, LONGEST_BACKOFF_SECONDS)
            restarted = time.monotonic()
            try:
                part.start()
                await part.wait_ready()
            except (NotReady, ServerFailed, OSError) as problem:
                self._tell(Happening("failed", part.name, detail=str(problem)))
                # One that hangs is as good as dead: the next round starts it again.
                await asyncio.to_thread(part.kill)
            else:
                self._tell(Happening("ready", part.name, time.monotonic() - restarted))
