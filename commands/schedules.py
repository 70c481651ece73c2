"""`milepost schedules`: the times at which summaries go out, as the definitions say them."""

import typer

from commands.catalogue import say
from commands.outcome import Exit, Stop, ending, temporal_overrides, with_database
from commands.show import AsJson, print_json, print_table
from settings import settings
from storage.database import Database
from temporal.connection import LazyTemporal, TemporalDown
from temporal.schedules import Synced, sync_schedules

app = typer.Typer(
    name="schedules", help="When summaries go out, in Temporal.", no_args_is_help=True
)


@app.command("sync")
def sync_all(as_json: AsJson = False) -> None:
    """Make Temporal's schedules what the newest definitions say. Repeating it changes nothing.

    Exit code 3: Temporal does not answer.
    """

    async def work(database: Database) -> list[Synced]:
        try:
            client = await LazyTemporal(temporal_overrides(settings())).client()
        except TemporalDown:
            raise Stop(say("doctor.temporal_down"), code=Exit.DOWN) from None
        return await sync_schedules(client, database, settings().task_queue)

    with ending(as_json):
        synced = with_database(work)
    if as_json:
        print_json(synced)
        return
    print_table(
        say("schedules.title"),
        [say(f"column.{name}") for name in ("programme", "summary", "at", "change")],
        [(one.programme, one.digest, one.when, say(f"schedules.{one.change}")) for one in synced],
    )
