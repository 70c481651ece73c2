"""Starts the delivery worker that dies by SIGKILL, and counts its deaths."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from embedded.temporal_server import dies_with_this_process
from settings import Settings
from tests.durability.processes import ROOT
from tests.faults.mortal import FOLDER, MOST, POINT, SEED, SHARE
from tests.log_guard import keep


@dataclass(frozen=True)
class Dies:
    """Where it dies, for which share of all emails, and how often at the most."""

    point: str
    share: float
    most: int
    seed: int


@contextmanager
def mortal_worker(address: str, folder: Path, settings: Settings, dies: Dies) -> Iterator[Path]:
    """The worker of those settings at work; gives the folder with one file for each death."""
    name = f"{dies.point}-{dies.seed}"
    deaths, log_file = folder / f"deaths-{name}", folder / f"mortal-{name}.log"
    deaths.mkdir()
    keep(log_file)
    with log_file.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.mortal"],
            cwd=ROOT,
            env={**os.environ, **_environment(address, folder, settings, dies, deaths)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=dies_with_this_process(signal.SIGKILL),
        )
    try:
        yield deaths
        if process.poll() is not None:
            raise AssertionError(f"the worker ended by itself:\n{log_file.read_text()[-4000:]}")
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _environment(
    address: str, folder: Path, settings: Settings, dies: Dies, deaths: Path
) -> dict[str, str]:
    return {
        POINT: dies.point,
        SHARE: str(dies.share),
        MOST: str(dies.most),
        SEED: str(dies.seed),
        FOLDER: str(deaths),
        "TEMPORAL_ADDRESS": address,
        "MILEPOST_DATABASE_URL": settings.database_url,
        "MILEPOST_TASK_QUEUE": settings.task_queue,
        "MILEPOST_DATA_DIR": str(folder),
        "MILEPOST_SENDER": settings.sender,
        "MILEPOST_SENDGRID_HOST": settings.sendgrid_host,
        "MILEPOST_SENDGRID_API_KEY": settings.sendgrid_api_key.get_secret_value(),
        "MILEPOST_MAIL_TIMEOUT": str(settings.mail_timeout),
    }
