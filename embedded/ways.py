"""What the ways to a server have in common: what was found, what is missing, the SDK's download."""

import importlib.util
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TextIO

from embedded.cache import is_remembered_closed, remember_closed
from embedded.progress import CommandFailed, run_shown
from embedded.sentences import say

Source = Literal["running", "named", "path", "cached", "downloaded", "built"]

# A closed network either refuses at once or says nothing for ever; this decides the second.
SDK_ANSWERS_WITHIN_SECONDS = 5.0
DOWNLOAD_WITHIN_SECONDS = 600.0


class Missing(Exception):
    """What is missing and the ways to provide it, in one sentence for a person."""


@dataclass(frozen=True)
class Found:
    """Where a server is: the way it was found, and its address or its program's path."""

    source: Source
    location: str

    @property
    def path(self) -> Path:
        """The program. A running server has none: that is a ValueError."""
        if self.source == "running":
            raise ValueError(say("running", address=self.location))
        return Path(self.location)


def failed(what: str, problem: CommandFailed) -> str:
    """The part of a `Missing` sentence that says what was tried last."""
    return say("failed", what=what, reason=problem.reason.rstrip("."), log=problem.log)


def sdk_download(
    starter: Literal["start_local", "start_time_skipping"],
    destination: Path,
    *,
    what: str,
    cache: Path,
    environment: Mapping[str, str],
    stream: TextIO | None,
) -> bool:
    """Let Temporal's SDK download the program that `starter` needs; True when it is there.

    A closed network is found out within five seconds and remembered for a day.
    """
    memory = f"sdk-{starter}"
    if importlib.util.find_spec("temporalio") is None or is_remembered_closed(cache, memory):
        return False
    destination.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="download-", dir=destination.parent) as folder:
        staging = Path(folder)
        try:
            run_shown(
                [sys.executable, "-m", "embedded.sdk_download", starter, staging],
                title=say("downloading", what=what),
                log=cache / "logs" / f"{memory}.log",
                environment=environment,
                within_seconds=DOWNLOAD_WITHIN_SECONDS,
                give_up=lambda elapsed: (
                    elapsed > SDK_ANSWERS_WITHIN_SECONDS and not any(staging.iterdir())
                ),
                stream=stream,
            )
        except CommandFailed:
            remember_closed(cache, memory)
            return False
        # The SDK names the file after itself and its version; there is just this one.
        os.replace(next(staging.iterdir()), destination)
    return True
