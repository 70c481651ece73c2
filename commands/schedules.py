"""`milepost schedules`: the times at which summaries go out, taken from the definitions."""

import typer

from commands.outcome import Exit, Stop, ending
from commands.reach import temporal_overrides, with_database
from commands.show import AsJson, print_json, print_table
from settings import settings
from storage.database import Database
from temporal.connection import LazyTemporal, TemporalDown
from temporal.schedules import Synced, sync_schedules

app = typer.Typer(help="Set when summaries go out.", no_args_is_help=True)

CHANGES = {"made": "created", "changed": "changed", "kept": "unchanged", "removed": "removed"}


@app.command("sync")
def sync_all(as_json: AsJson = False) -> None:
    """Bring Temporal's schedules in line with the newest definitions.

    You can run it again.

    Exit code 3: Temporal does not answer.
    """

    async def work(database: Database) -> list[Synced]:
        try:
            client = await LazyTemporal(temporal_overrides(settings())).client()
        except TemporalDown:
            raise Stop("Temporal does not answer.", code=Exit.DOWN) from None
        return await sync_schedules(client, database, settings().task_queue)

    with ending(as_json):
        synced = with_database(work)
    if as_json:
        print_json(synced)
        return
    print_table(
        "When summaries go out",
        ["Programme", "Summary", "When", "Change"],
        [(one.programme, one.digest, _begun(one.when), CHANGES[one.change]) for one in synced],
    )


def _begun(when: str) -> str:
    """With a capital, as a table begins a cell."""
    return when[:1].upper() + when[1:]
