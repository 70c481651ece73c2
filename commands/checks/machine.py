"""Checks of what the machine offers: Python, room on the disk, Temporal's programs."""

import os
import shutil
import sys
from collections.abc import Iterator
from email.errors import MessageError
from email.message import EmailMessage
from pathlib import Path

from commands.checks.finding import Finding, found
from embedded.provision import find_temporal
from embedded.time_skipping import find_test_server
from embedded.ways import Missing
from settings import Settings

OLDEST_PYTHON = (3, 11)
ROOM_WANTED_MB = 500


def check_machine(settings: Settings) -> Iterator[Finding]:
    """Everything that can be said without asking anybody else."""
    yield check_python()
    yield check_room(settings.data_dir)
    yield check_temporal_program()
    yield check_test_server()


def check_python(
    version: tuple[int, ...] = sys.version_info[:3], *, patched: bool | None = None
) -> Finding:
    """Milepost needs Python 3.11 or newer, and should have one with its security fixes.

    A missing fix is a notice: Milepost writes the headers of emails itself. It is tried out, since
    a distribution may fix a Python and keep its number.
    """
    words = ".".join(map(str, version))
    if version < OLDEST_PYTHON:
        return found("python", "problem", "python_old", version=words)
    if not (refuses_forged_headers() if patched is None else patched):
        return found("python", "notice", "python_unpatched", version=words)
    return found("python", "ok", "python", version=words)


def refuses_forged_headers() -> bool:
    """Whether this Python has the fix for CVE-2024-6923, which let a text add headers to emails."""
    message = EmailMessage()
    message["Subject"] = "=?utf-8?q?a=0Ab?="
    try:
        return b"\nb" not in message.as_bytes()
    except MessageError:
        return True


def check_room(folder: Path, wanted_mb: int = ROOM_WANTED_MB) -> Finding:
    """The data folder can be written to and has room to grow."""
    nearest = next(each for each in [folder, *folder.absolute().parents] if each.exists())
    if not os.access(nearest, os.W_OK):
        return found("disk", "problem", "disk_readonly", folder=folder)
    free = shutil.disk_usage(nearest).free // 1_000_000
    if free < wanted_mb:
        return found("disk", "problem", "disk_full", folder=folder, free=free, wanted=wanted_mb)
    return found("disk", "ok", "disk", folder=folder, free=free)


def check_temporal_program() -> Finding:
    """`up` and `demo` start a server of their own, unless one runs already."""
    try:
        server = find_temporal(os.environ)
    except Missing as missing:
        return Finding("temporal program", "problem", str(missing), str(missing))
    if server is None:
        return found("temporal program", "notice", "program_absent")
    return found("temporal program", "ok", "program", where=server.location, how=server.source)


def check_test_server() -> Finding:
    """`make test` needs the time-skipping server; serving members does not."""
    try:
        program = find_test_server(os.environ)
    except Missing as missing:
        return Finding("test server", "problem", str(missing), str(missing))
    if program is None:
        return found("test server", "notice", "test_server_absent")
    return found("test server", "ok", "program", where=program, how="cached")
