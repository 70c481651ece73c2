"""What each check found: this machine's programs, and what the operator wrote down."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email

from commands.catalogue import say
from embedded.programs import Missing, find_temporal, find_test_server
from programmes.loader import DefinitionErrors, built_in_definitions, load_definition
from settings import Settings

State = Literal["ok", "notice", "problem", "down"]
"""``notice``: works, with something to know. ``problem``: to be mended. ``down``: unreachable."""


@dataclass(frozen=True)
class Finding:
    """One line of the report; `fix` says what to do unless all is well."""

    part: str
    state: State
    what: str
    fix: str = ""


def found(part: str, state: State, key: str, **values: object) -> Finding:
    """A finding in the words of the catalogue's ``[doctor]``: ``<key>`` and ``<key>_fix``."""
    fix = "" if state == "ok" else say(f"doctor.{key}_fix", **values)
    return Finding(part, state, say(f"doctor.{key}", **values), fix)


OLDEST_PYTHON = (3, 11)
ROOM_WANTED_MB = 500


def check_machine(settings: Settings) -> Iterator[Finding]:
    """Everything that can be said without asking anybody else."""
    yield check_python()
    yield check_room(settings.data_dir)
    yield check_temporal_program()
    yield check_test_server()


def check_python(version: tuple[int, int] = sys.version_info[:2]) -> Finding:
    """Milepost needs Python 3.11 or newer."""
    words = ".".join(map(str, version))
    if version < OLDEST_PYTHON:
        return found("python", "problem", "python_old", version=words)
    return found("python", "ok", "python", version=words)


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
    return found("test server", "ok", "program", where=program.location, how=program.source)


CONNECT_WITHIN_SECONDS = 5.0
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


async def check_office(settings: Settings) -> AsyncIterator[Finding]:
    """What the operator wrote down, checked against itself and the mail server."""
    for name, text in built_in_definitions():
        yield check_definition(name, text)
    yield check_from_address(settings.mail_from)
    yield await check_sender(settings)
    yield check_public_url(settings)


def check_definition(name: str, text: str) -> Finding:
    """The definition loads without an error."""
    part = f"definition {name}"
    try:
        load_definition(text, name)
    except DefinitionErrors as errors:
        return found(part, "problem", "definition_bad", name=name, count=len(errors.problems))
    return found(part, "ok", "definition")


def check_from_address(address: str) -> Finding:
    """Emails say who they are from."""
    try:
        validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return found("sender address", "problem", "mail_from_bad")
    if address.endswith("@example.org"):
        return found("sender address", "notice", "mail_from_example")
    return found("sender address", "ok", "mail_from")


async def check_sender(settings: Settings) -> Finding:
    """The sender has what it needs; nothing is sent."""
    if settings.sender == "mailbox":
        return found("sender", "notice", "sender_mailbox")
    if settings.sender == "sendgrid":
        if not settings.sendgrid_api_key.get_secret_value():
            return found("sender", "problem", "sendgrid_no_key")
        return found("sender", "ok", "sendgrid", host=settings.sendgrid_host)
    where = f"{settings.smtp_host}:{settings.smtp_port}"
    try:
        async with asyncio.timeout(CONNECT_WITHIN_SECONDS):
            _, writer = await asyncio.open_connection(settings.smtp_host, settings.smtp_port)
            writer.close()
            await writer.wait_closed()
    except (OSError, TimeoutError):
        return found("sender", "down", "smtp_down", where=where)
    return found("sender", "ok", "smtp", where=where)


def check_public_url(settings: Settings) -> Finding:
    """Links in emails lead somewhere for those who get them."""
    url = settings.public_url
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return found("public address", "problem", "public_url_bad", url=url)
    if settings.sender != "mailbox" and parts.hostname in LOOPBACK:
        return found("public address", "problem", "public_url_loopback", url=url)
    if settings.sender != "mailbox" and parts.scheme == "http":
        return found("public address", "notice", "public_url_open", url=url)
    return found("public address", "ok", "public_url", url=url)
