"""The rows of the fault matrix that stop no server: what goes wrong, and one run of each."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from temporalio.client import Client

from storage.sql import notifications
from tests.databases import migrated_sqlite
from tests.fakes.sendgrid_events import Fates
from tests.fakes.sendgrid_faults import Faults
from tests.fakes.sendgrid_webhook import Manners
from tests.faults.deaths import Dies, mortal_worker
from tests.faults.stage import PATIENT, SENDER_PATIENCE, Run, set_up
from tests.faults.tally import Tally


@dataclass(frozen=True)
class Setting:
    """What all rows share: a Temporal server, and a folder for what they keep."""

    client: Client
    address: str
    folder: Path

    def url(self, name: str, run: Run) -> str:
        """A database of that run's own."""
        return migrated_sqlite(self.folder / f"{name}-{run.seed}.db")


Row = Callable[[Setting, Run], Awaitable[Tally]]

MOST_FAILURES = 2
KILLED_SHARE = 0.1
QUICK_HEARTBEAT = 2.0


def by_chance(**chances: float) -> Row:
    """A row whose provider misbehaves by chance: each email, twice at the most."""
    patience = SENDER_PATIENCE if "hang" in chances else PATIENT
    modes = {name.replace("_", " ").strip(): chance for name, chance in chances.items()}

    async def play(setting: Setting, run: Run) -> Tally:
        faults = Faults(
            modes, run.seed, most_per_mail=MOST_FAILURES, patience=SENDER_PATIENCE * 2,
            slowness=SENDER_PATIENCE / 3, retry_after=1,
        )  # fmt: skip
        url = setting.url("-".join(modes).replace(" ", ""), run)
        async with set_up(setting.client, url, run, faults=faults, patience=patience) as stage:
            await stage.launch()
            return await stage.result()

    return play


def killed(point: str) -> Row:
    """A row whose delivery worker dies by SIGKILL at that point, several times."""

    async def play(setting: Setting, run: Run) -> Tally:
        url = setting.url(point, run)
        death = Dies(point, KILLED_SHARE, most=run.kills, seed=run.seed)
        async with set_up(setting.client, url, run, courier=False) as stage:
            with mortal_worker(setting.address, setting.folder, stage.settings, death) as deaths:
                await stage.launch(QUICK_HEARTBEAT)
                counted = await stage.result()
                died = len(list(deaths.iterdir()))
        return counted if died else counted.but("no worker died")

    return play


async def misreported(setting: Setting, run: Run) -> Tally:
    """Events twice, in any order, late, and forged ones in between: each end is the true one."""
    fates = Fates(
        chances={
            "bounced": 0.1,
            "dropped": 0.05,
            "deferred": 0.1,
            "stuck": 0.05,
            "complained": 0.1,
        },
        seed=run.seed,
    )
    manners = Manners(batch=7, twice=0.7, shuffled=True, late=1.0, tampered=0.5)
    faults = Faults({"drop": 0.2}, run.seed)
    url = setting.url("misreported", run)
    async with set_up(
        setting.client, url, run, faults=faults, fates=fates, manners=manners
    ) as stage:
        await stage.launch()
        counted = await stage.result()
        async with stage.database.reading() as session:
            query = notifications.select()
            states = {row.id: row.state for row in await session.execute(query)}
    wrong = {id for id, end in _ends(fates).items() if states[id] != end}
    return counted.but(f"{len(wrong)} ended otherwise than was reported") if wrong else counted


def _ends(fates: Fates) -> dict[str, str]:
    last = {"deferred": "delivered", "stuck": "deferred"}
    return {id: last.get(fate, fate) for id, fate in fates.met.items()}
