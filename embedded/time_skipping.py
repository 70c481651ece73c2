"""Finds or provides Temporal's time-skipping test server, for tests and rehearsals.

The SDK's own download first; where that is closed, the Java server comes through Maven and is
started by a small launcher that binds the loopback address alone.
"""

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from embedded.cache import cache_folder, is_program, only_one
from embedded.progress import CommandFailed, run_shown
from embedded.sentences import say
from embedded.ways import Missing, failed, sdk_download

JAVA_SOURCES = Path(__file__).parent / "java"
DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
TEST_SERVER_VERSION = "1.35.0"
FETCH_WITHIN_SECONDS = 15 * 60.0

# A JVM that lives for one test: little compiling, one collector thread, the shared class archive.
LAUNCHER = """#!/bin/sh
# Started by Temporal's SDK with the port as its argument.
here=$(cd "$(dirname "$0")" && pwd)
exec "${JAVA_HOME:+$JAVA_HOME/bin/}java" -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto \\
  -cp "$here/classes:$here/lib/*" LoopbackTestServer "$@"
"""


def find_test_server(environment: Mapping[str, str]) -> Path | None:
    """The program that is there already. Raises Missing where MILEPOST_TEST_SERVER is wrong."""
    named = environment.get("MILEPOST_TEST_SERVER")
    if named:
        if not is_program(Path(named)):
            raise Missing(say("not_a_program", variable="MILEPOST_TEST_SERVER", path=named))
        return Path(named)
    if is_program(_downloaded(environment)):
        return _downloaded(environment)
    if is_program(_built(environment)) and _tool("java", environment):
        return _built(environment)
    return None


def provide_test_server(environment: Mapping[str, str], *, stream: TextIO | None = None) -> Path:
    """The program to pass as `test_server_existing_path`, downloaded or built where need be.

    Raises Missing with one sentence that says what to do.
    """
    found = find_test_server(environment)
    if found is not None:
        return found
    out = stream or sys.stderr
    waiting = say("waiting_for_lock", what=say("test_server"))
    with only_one(cache_folder(environment), "test-server", lambda: print(waiting, file=out)):
        return find_test_server(environment) or _download_or_build(environment, stream)


def _download_or_build(environment: Mapping[str, str], stream: TextIO | None) -> Path:
    if sdk_download(
        "start_time_skipping",
        _downloaded(environment),
        what=say("test_server"),
        cache=cache_folder(environment),
        environment=environment,
        stream=stream,
    ):
        return _downloaded(environment)
    tools = {name: _tool(name, environment) for name in ("java", "javac", "mvn")}
    for name, path in tools.items():
        if path is None:
            because = say("no_java", missing=name)
            raise Missing(say("missing_test_server", because=because))
    try:
        _build(str(tools["mvn"]), str(tools["javac"]), environment, stream)
    except CommandFailed as problem:
        because = failed(say("with_maven"), problem)
        raise Missing(say("missing_test_server", because=because)) from None
    return _built(environment)


def _build(mvn: str, javac: str, environment: Mapping[str, str], stream: TextIO | None) -> None:
    logs = cache_folder(environment) / "logs"
    target = _built(environment).parent
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="build-", dir=target.parent) as folder:
        home = Path(folder) / "home"
        home.mkdir(mode=0o755)
        run_shown(
            [
                *(mvn, "-B", "-ntp", "-q", "-f", JAVA_SOURCES / "pom.xml"),
                f"{DEPENDENCY_PLUGIN}:copy-dependencies",
                f"-DoutputDirectory={home / 'lib'}",
                "-DincludeScope=runtime",
            ],
            title=say("building_test_server", version=TEST_SERVER_VERSION),
            log=logs / "test-server-maven.log",
            environment=environment,
            within_seconds=FETCH_WITHIN_SECONDS,
            stream=stream,
        )
        run_shown(
            [
                *(javac, "-proc:none", "-cp", f"{home / 'lib'}/*", "-d", home / "classes"),
                JAVA_SOURCES / "LoopbackTestServer.java",
            ],
            title=say("compiling_test_server"),
            log=logs / "test-server-javac.log",
            environment=environment,
            within_seconds=FETCH_WITHIN_SECONDS,
            stream=stream,
        )
        launcher = home / _built(environment).name
        launcher.write_text(LAUNCHER)
        launcher.chmod(0o755)
        # Nobody reads a half-built folder, and a broken one of before makes room.
        shutil.rmtree(target, ignore_errors=True)
        os.replace(home, target)


def _built(environment: Mapping[str, str]) -> Path:
    """Named after what it is built from, so that a changed version is built anew."""
    sources = hashlib.sha256(LAUNCHER.encode())
    for source in sorted(JAVA_SOURCES.iterdir()):
        sources.update(source.read_bytes())
    folder = f"test-server-{sources.hexdigest()[:12]}"
    return cache_folder(environment) / folder / "temporal-test-server"


def _downloaded(environment: Mapping[str, str]) -> Path:
    return cache_folder(environment) / "bin" / "test-server-of-the-sdk"


def _tool(name: str, environment: Mapping[str, str]) -> str | None:
    home = environment.get("JAVA_HOME")
    if home and is_program(Path(home, "bin", name)):
        return str(Path(home, "bin", name))
    return shutil.which(name, path=environment.get("PATH", ""))
