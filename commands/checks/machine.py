"""Checks that ask no other process, and what a check finds."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from email.errors import MessageError
from email.message import EmailMessage
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email

from embedded.programs import Missing, find_temporal, find_test_server
from programmes.loader import DefinitionErrors, built_in_definitions, load_definition
from settings import Settings

State = Literal["ok", "notice", "problem", "down"]
"""``notice``: works, with something to know. ``problem``: to fix. ``down``: unreachable."""


@dataclass(frozen=True)
class Finding:
    """One line of the report. `fix` says what to do, and is empty where there is no problem."""

    part: str
    state: State
    what: str
    fix: str = ""


OLDEST_PYTHON = (3, 11)
ROOM_WANTED_MB = 500


def check_machine(settings: Settings) -> Iterator[Finding]:
    """This machine: Python, disk, Temporal's programs, and the names of its variables."""
    yield from check_variables(os.environ)
    yield check_python()
    yield check_room(settings.data_dir)
    yield check_temporal_program()
    yield check_test_server()


OTHER_VARIABLES = frozenset(
    {"MILEPOST_API_PORTS", "MILEPOST_CACHE", "MILEPOST_DB_PASSWORD", "MILEPOST_TEMPORAL_CLI"}
    | {"MILEPOST_TEST_SERVER", "MILEPOST_TOKEN", "MILEPOST_VERSION"}
)
"""Those that are read elsewhere: in compose, in scripts, or by the embedded servers."""


def check_variables(environment: Mapping[str, str]) -> Iterator[Finding]:
    """A misspelt variable is ignored, so each unknown one is named, with the nearest known one."""
    known = {f"MILEPOST_{name.upper()}" for name in Settings.model_fields} | OTHER_VARIABLES
    for name in sorted(environment):
        # The settings are read whatever the case of their names.
        if name.upper().startswith("MILEPOST_") and name.upper() not in known:
            near = get_close_matches(name.upper(), known, n=1)
            meant = f" Did you mean {near[0]}?" if near else ""
            yield Finding(
                "settings",
                "problem",
                f"{name} is no setting of Milepost, so it is ignored.{meant}",
                "Correct its name, or remove it. docs/configuration.md lists every setting.",
            )


def check_python(
    version: tuple[int, ...] = sys.version_info[:3], *, patched: bool | None = None
) -> Finding:
    """Milepost needs Python 3.11 or newer, and should have one with its security fixes.

    A missing fix is a notice: Milepost writes the headers of emails itself. It is tried out, since
    a distribution may fix a Python and keep its number.
    """
    words = ".".join(map(str, version))
    if version < OLDEST_PYTHON:
        return Finding(
            "python",
            "problem",
            f"Python {words} is too old.",
            "Install Python 3.11 or newer, then run `make setup` again.",
        )
    if not (refuses_forged_headers() if patched is None else patched):
        return Finding(
            "python",
            "notice",
            f"Python {words} lacks a security fix for email headers.",
            "Update Python: 3.11.10, 3.12.5 and 3.13.0 are the first releases with the fix.",
        )
    return Finding("python", "ok", f"Python {words}")


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
        return Finding(
            "disk",
            "problem",
            f"Milepost cannot write to {folder}.",
            "Give your user write access to it, or set MILEPOST_DATA_DIR to another folder.",
        )
    free = shutil.disk_usage(nearest).free // 1_000_000
    if free < wanted_mb:
        return Finding(
            "disk",
            "problem",
            f"{folder} has {free} MB free. Milepost needs {wanted_mb} MB.",
            "Free some space, or set MILEPOST_DATA_DIR to a folder on another disk.",
        )
    return Finding("disk", "ok", f"{folder} has {free} MB free")


def check_temporal_program() -> Finding:
    """`up` and `demo` start a server of their own, unless one runs already."""
    try:
        server = find_temporal(os.environ)
    except Missing as missing:
        return Finding("temporal program", "problem", missing.what, missing.remedy)
    if server is None:
        return Finding(
            "temporal program",
            "notice",
            "There is no Temporal program on this machine yet.",
            "On Linux and macOS, `make setup` installs one. On other systems set"
            " MILEPOST_TEMPORAL_CLI to your program, or TEMPORAL_ADDRESS to a running server.",
        )
    return Finding("temporal program", "ok", f"{server.location} ({server.source})")


def check_test_server() -> Finding:
    """`make test` needs the time-skipping server; serving members does not."""
    try:
        program = find_test_server(os.environ)
    except Missing as missing:
        return Finding("test server", "problem", missing.what, missing.remedy)
    if program is None:
        return Finding(
            "test server",
            "notice",
            "The time-skipping test server is not installed. Only the tests need it.",
            "On Linux and macOS, `make setup` installs it. On other systems set"
            " MILEPOST_TEST_SERVER to yours.",
        )
    return Finding("test server", "ok", f"{program.location} ({program.source})")


CONNECT_WITHIN_SECONDS = 5.0
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


async def check_office(settings: Settings) -> AsyncIterator[Finding]:
    """The definitions and the settings for email. Connects to an SMTP server, sends nothing."""
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
        return Finding(
            part,
            "problem",
            f"{name} has {len(errors.flaws)} errors.",
            f"Run `milepost programme check {name}`. It lists each line and the correct form.",
        )
    return Finding(part, "ok", "valid")


def check_from_address(address: str) -> Finding:
    """Emails say who they are from."""
    try:
        validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return Finding(
            "sender address",
            "problem",
            "MILEPOST_MAIL_FROM is not an email address.",
            "Set MILEPOST_MAIL_FROM to the address that emails are sent from.",
        )
    if address.endswith("@example.org"):
        return Finding(
            "sender address",
            "notice",
            "Emails are sent from an example address.",
            "Set MILEPOST_MAIL_FROM to your own address before you send real email.",
        )
    return Finding("sender address", "ok", "set")


async def check_sender(settings: Settings) -> Finding:
    """The sender has what it needs; nothing is sent."""
    if settings.sender == "mailbox":
        return Finding(
            "sender",
            "notice",
            "Emails are kept in the mailbox. None leaves this machine.",
            "To send real email, set MILEPOST_SENDER to smtp or sendgrid.",
        )
    if settings.sender == "sendgrid":
        if not settings.sendgrid_api_key.get_secret_value():
            return Finding(
                "sender", "problem", "SendGrid has no API key.", "Set MILEPOST_SENDGRID_API_KEY."
            )
        return Finding("sender", "ok", f"SendGrid at {settings.sendgrid_host}")
    where = f"{settings.smtp_host}:{settings.smtp_port}"
    try:
        async with asyncio.timeout(CONNECT_WITHIN_SECONDS):
            _, writer = await asyncio.open_connection(settings.smtp_host, settings.smtp_port)
            writer.close()
            await writer.wait_closed()
    except (OSError, TimeoutError):
        return Finding(
            "sender",
            "down",
            f"The SMTP server at {where} does not answer.",
            "Check MILEPOST_SMTP_HOST and MILEPOST_SMTP_PORT, and that the firewall lets"
            " this machine connect.",
        )
    return Finding("sender", "ok", f"The SMTP server at {where} answers")


def check_public_url(settings: Settings) -> Finding:
    """Links in emails work for their recipients."""
    url = settings.public_url
    parts = urlsplit(url)
    if settings.sender != "mailbox" and parts.hostname in LOOPBACK:
        return Finding(
            "public address",
            "problem",
            f"Links to {url} work on this machine only, and real email is switched on.",
            "Set MILEPOST_PUBLIC_URL to the address at which people reach this office.",
        )
    if settings.sender != "mailbox" and parts.scheme == "http":
        return Finding(
            "public address",
            "notice",
            f"{url} is not encrypted.",
            "Serve Milepost over https, and set MILEPOST_PUBLIC_URL to that address.",
        )
    return Finding("public address", "ok", url)
