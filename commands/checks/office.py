"""Checks of how the office is set up: its definitions, its sender, its public address."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email

from commands.checks.finding import Finding, found
from programmes.loader import DefinitionErrors, built_in_definitions, load_definition
from settings import Settings

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
