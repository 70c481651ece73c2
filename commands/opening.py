"""Opens the embedded office for `up` and `demo`, shows progress, and closes it on Ctrl-C."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.status import Status

from commands.outcome import Exit, Stop
from commands.show import console
from embedded.folder import Addresses, Occupied, StillEnding
from embedded.office import PortTaken, office
from embedded.programs import Found, Missing, provide_temporal
from embedded.services import NotReady
from embedded.supervisor import Happening
from embedded.temporal_server import ServerFailed
from settings import Settings
from storage.migrate import upgrade
from workflows.ids import SEARCH_ATTRIBUTES

PARTS = {"temporal": "Temporal", "database": "Database", "worker": "Worker", "api": "API"}


class Screen:
    """Shows what happens to the parts: a spinner while some start, and a line for each one."""

    def __init__(self, to: Console | None = None) -> None:
        self._console = to or console()
        self._status: Status | None = None
        self._under_way: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._rest()

    def tell(self, happening: Happening) -> None:
        """Show one happening."""
        line = line_of(happening)
        self._rest()
        if happening.what in {"starting", "stopping"}:
            self._under_way[happening.part] = line
        else:
            self._under_way.pop(happening.part, None)
            self._console.print(line)
        self._turn()

    def _turn(self) -> None:
        # A pipe gets no spinner.
        if self._under_way and self._console.is_terminal:
            self._status = self._console.status(" ".join(self._under_way.values()))
            self._status.start()

    def _rest(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None


def line_of(happening: Happening) -> str:
    """What the screen says of one happening."""
    part, seconds, detail = PARTS.get(happening.part, ""), happening.seconds, happening.detail
    match happening.what:
        case "waiting":
            return f"[yellow]•[/] Waiting for the last run in {detail} to stop …"
        case "starting":
            return f"{part} is starting …"
        case "ready":
            return f"[green]✓[/] {part} is up ({seconds:.1f} s)"
        case "died":
            return (
                f"[red]✗[/] {part} stopped unexpectedly and is being restarted. Its log: {detail}"
            )
        case "restarting":
            return f"[yellow]•[/] {part} is restarting"
        case "failed":
            return f"[red]✗[/] {detail}"
        case "stopping":
            return f"{part} is stopping …"
        case "stopped":
            return f"[green]✓[/] {part} has stopped ({seconds:.1f} s)"


def already_running(folder: Path, holder: Addresses) -> Stop:
    """Ends a command because another office runs in the folder."""
    return Stop(
        f"An office is already running in {folder}, at {holder.api} (process {holder.pid}). Use it"
        " or stop it, or set MILEPOST_DATA_DIR to another folder."
    )


def run_office(settings: Settings, serve: Callable[[Addresses, Screen], Awaitable[int]]) -> int:
    """Open the office, run `serve` in it, and close it whatever happens. Returns its exit code.

    Ctrl-C or SIGTERM closes the office in order and answers 0; a second one ends it at once.
    Raises Stop with a sentence where it cannot open.
    """
    try:
        temporal = provide_temporal(os.environ)
    except Missing as missing:
        raise Stop(str(missing), code=Exit.DOWN) from None
    except KeyboardInterrupt:
        return Exit.OK
    return asyncio.run(_cancelled_by_signals(_run(settings, temporal, serve)))


async def _run(
    settings: Settings, temporal: Found, serve: Callable[[Addresses, Screen], Awaitable[int]]
) -> int:
    async def migrate() -> None:
        await upgrade(settings.database_url)

    with Screen() as screen:
        opening = office(
            settings,
            temporal,
            os.environ,
            screen.tell,
            search_attributes={key.name: "Keyword" for key in SEARCH_ATTRIBUTES},
            migrate=migrate,
        )
        try:
            async with opening as addresses:
                return await serve(addresses, screen)
        except Occupied as occupied:
            holder = occupied.holder or Addresses("", "")
            raise already_running(occupied.folder, holder) from None
        except StillEnding as still:
            raise Stop(
                f"The last run in {still.folder} does not stop. Find it with `ps ax | grep"
                " 'temporal server'`, stop it, and try again."
            ) from None
        except PortTaken as taken:
            raise Stop(
                f"Another program uses port {taken.port}, which the {taken.part} needs. Stop it, or"
                f" set {taken.variable} to another port."
            ) from None
        except (NotReady, ServerFailed) as problem:
            raise Stop(str(problem), code=Exit.DOWN) from None


async def _cancelled_by_signals(work: Awaitable[int]) -> int:
    running = asyncio.ensure_future(work)
    asked = False

    def end() -> None:
        nonlocal asked
        asked = True
        running.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)
    try:
        return await running
    except asyncio.CancelledError:
        if not asked:
            raise
        return Exit.OK
