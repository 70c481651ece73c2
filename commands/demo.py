"""`milepost demo`: the embedded product with a sample office whose story is played."""

import shutil
from datetime import datetime
from typing import Annotated

import typer

from commands.front_desk import front_desk
from commands.opening import already_running, run_office
from commands.outcome import Exit, Stop, ending
from commands.show import ZONE, console, print_sentence
from commands.up import print_addresses
from demo.memory import Memory, Unreadable
from demo.show import Show
from demo.stage import Stage
from demo.story import sample_story
from embedded.folder import Addresses, running_in
from settings import Settings, settings

FOLDER = "demo"
DELIVERIES_A_SECOND = 100.0
"""The mailbox is on this machine, so the tour does not queue behind other members' emails."""


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="Stop once the story is played and checked.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Delete the last demo's data, and start again.")
    ] = False,
) -> None:
    """Play a sample office whose days pass in seconds.

    It has 12 members, and a tour that shows one engagement from start to end. The office is kept
    in its own folder and continues at the next demo; the tour starts again.

    Exit code 1: the story did not end as expected. 3: a part does not start.
    """
    config = demo_settings(settings())
    with ending():
        _clear(config, fresh)
        code = run_office(config, lambda addresses, _: _serve(config, addresses, once))
    print_sentence("Everything has stopped.")
    raise typer.Exit(code)


def demo_settings(config: Settings) -> Settings:
    """The settings of the demo's own office, inside the data folder. It never sends real mail."""
    folder = config.data_dir / FOLDER
    return config.model_copy(
        update={
            "data_dir": folder,
            "database_url": f"sqlite+aiosqlite:///{folder / 'milepost.db'}",
            "sender": "mailbox",
            "delivery_rate": DELIVERIES_A_SECOND,
        }
    )


async def _serve(config: Settings, addresses: Addresses, once: bool) -> int:
    story = sample_story()
    try:
        memory = Memory.of(config.data_dir, datetime.now(ZONE).date())
    except Unreadable as unreadable:
        raise Stop(
            "This version cannot use the last demo's data. Start again with `milepost demo"
            " --fresh`:",
            details=[str(unreadable)],
        ) from None
    stage = Stage(console())
    print_addresses(config, addresses)
    stage.line("All people and members in this demo are invented. No email reaches a real person.")
    try:
        async with front_desk(config) as desk:
            wrong = await Show(story, memory, addresses.api, desk, stage).run(stay=not once)
    except Stop as stop:
        # The folder holds sample data of an earlier version, which this one cannot add to.
        raise Stop(
            "This version cannot use the last demo's data. Start again with `milepost demo"
            " --fresh`:",
            details=[stop.sentence, *stop.details],
        ) from None
    return Exit.REFUSED if wrong else Exit.OK


def _clear(config: Settings, fresh: bool) -> None:
    folder = config.data_dir
    database = folder / "milepost.db"
    if fresh and folder.exists():
        holder = running_in(folder)
        if holder is not None:
            raise already_running(folder, holder)
        shutil.rmtree(folder)
    elif not database.exists():
        # The story belongs to an office that no longer exists.
        Memory.forget(folder)
