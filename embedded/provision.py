"""Finds the Temporal server, or provides one: downloads or builds its program once, and keeps it.

`python -m embedded.provision temporal|temporal-cli|test-server` prints where it is. Pure standard
library, apart from the SDK's own download, which is skipped where the SDK is not installed.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from embedded.cache import cache_folder, is_program, only_one
from embedded.progress import CommandFailed, Counted, run_shown
from embedded.sentences import say
from embedded.time_skipping import provide_test_server
from embedded.ways import Found, Missing, failed, sdk_download

TEMPORAL_VERSION = "v1.5.1"
TEMPORAL_MODULE = "github.com/temporalio/cli/cmd/temporal"

# `go install -v` names each package that it compiles. Counted with an empty build cache.
TEMPORAL_PACKAGES = 1296
BUILD_WITHIN_SECONDS = 30 * 60.0


def find_temporal(environment: Mapping[str, str], *, cli: bool = False) -> Found | None:
    """The server that is there already, without downloading or building anything.

    With `cli`, only a program of our own will do: a server at TEMPORAL_ADDRESS is passed over,
    since nobody may stop and restart it. Raises Missing where MILEPOST_TEMPORAL_CLI is wrong.
    """
    address = environment.get("TEMPORAL_ADDRESS")
    if address and not cli:
        return Found("running", address)
    named = environment.get("MILEPOST_TEMPORAL_CLI")
    if named:
        if not is_program(Path(named)):
            raise Missing(say("not_a_program", variable="MILEPOST_TEMPORAL_CLI", path=named))
        return Found("named", named)
    on_path = shutil.which("temporal", path=environment.get("PATH", ""))
    if on_path:
        return Found("path", on_path)
    for cached in (_built(environment), _downloaded(environment)):
        if is_program(cached):
            return Found("cached", str(cached))
    return None


def provide_temporal(
    environment: Mapping[str, str], *, cli: bool = False, stream: TextIO | None = None
) -> Found:
    """The server that is there already, else a program downloaded or built into the cache.

    Building takes minutes, once; progress goes to `stream` (stderr). Two at once never build
    twice: the second waits for the first. Raises Missing with one sentence that says what to do.
    """
    found = find_temporal(environment, cli=cli)
    if found is not None:
        return found
    out = stream or sys.stderr
    waiting = say("waiting_for_lock", what=say("temporal_cli"))
    with only_one(cache_folder(environment), "temporal", lambda: print(waiting, file=out)):
        return find_temporal(environment, cli=cli) or _download_or_build(environment, cli, stream)


def _download_or_build(environment: Mapping[str, str], cli: bool, stream: TextIO | None) -> Found:
    missing = "missing_temporal_cli" if cli else "missing_temporal"
    if sdk_download(
        "start_local",
        _downloaded(environment),
        what=say("temporal_cli"),
        cache=cache_folder(environment),
        environment=environment,
        stream=stream,
    ):
        return Found("downloaded", str(_downloaded(environment)))
    go = shutil.which("go", path=environment.get("PATH", ""))
    if go is None:
        raise Missing(say(missing, because=say("no_go")))
    try:
        _build(go, environment, stream)
    except CommandFailed as problem:
        raise Missing(say(missing, because=failed(say("with_go"), problem))) from None
    return Found("built", str(_built(environment)))


def _build(go: str, environment: Mapping[str, str], stream: TextIO | None) -> None:
    cache = cache_folder(environment)
    target = _built(environment)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="build-", dir=target.parent) as folder:
        run_shown(
            [go, "install", "-v", f"{TEMPORAL_MODULE}@{TEMPORAL_VERSION}"],
            title=say("building_temporal", version=TEMPORAL_VERSION),
            log=cache / "logs" / "temporal-build.log",
            # Without cgo it needs no C compiler. GOBIN is refused beside GOOS or GOARCH.
            environment={**environment, "GOBIN": folder, "CGO_ENABLED": "0"},
            within_seconds=BUILD_WITHIN_SECONDS,
            counted=Counted(
                say("packages"), TEMPORAL_PACKAGES, lambda line: bool(line) and line[:4] != "go: "
            ),
            stream=stream,
        )
        os.replace(Path(folder) / "temporal", target)


def _built(environment: Mapping[str, str]) -> Path:
    return cache_folder(environment) / "bin" / f"temporal-{TEMPORAL_VERSION}"


def _downloaded(environment: Mapping[str, str]) -> Path:
    return cache_folder(environment) / "bin" / "temporal-of-the-sdk"


def main(arguments: list[str]) -> int:
    """Print where the wanted server is; 2 for a wrong call, 1 with one sentence where missing."""
    provide = {
        "temporal": lambda: provide_temporal(os.environ).location,
        "temporal-cli": lambda: provide_temporal(os.environ, cli=True).location,
        "test-server": lambda: str(provide_test_server(os.environ)),
    }
    if len(arguments) != 1 or arguments[0] not in provide:
        print(f"python -m embedded.provision {'|'.join(provide)}", file=sys.stderr)
        return 2
    try:
        print(provide[arguments[0]]())
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
