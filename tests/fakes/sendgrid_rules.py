"""What SendGrid's v3 endpoint for mails refuses, and in which words: as its reference has it."""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.fakes.http import Request

LARGEST = 30 * 1024 * 1024
"""Bytes of a whole request, attachments included."""
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_RESERVED = {
    *("x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "to", "from", "cc"),
    *("content-transfer-encoding", "subject", "reply-to", "bcc"),
}
_FURTHEST_ARGS = 10_000
_MOST_PEOPLE = 1_000
_MOST_CATEGORIES = 10


@dataclass(frozen=True)
class Refused:
    """A status and what is wrong: message and field, as often as something is."""

    status: int
    errors: tuple[tuple[str, str | None], ...]

    def to_json(self) -> bytes:
        """The body that SendGrid would answer."""
        return json.dumps(
            {
                "errors": [
                    {"message": message, "field": field, "help": None}
                    for message, field in self.errors
                ]
            }
        ).encode()


def refusal(request: Request, key: str) -> Refused | None:
    """Why a request is refused; ``None`` where it is sound."""
    if request.path != "/v3/mail/send":
        return Refused(404, (("Not Found", None),))
    if request.method != "POST":
        return Refused(405, (("method not allowed", None),))
    if request.headers.get("authorization") != f"Bearer {key}":
        grant = "The provided authorization grant is invalid, expired, or revoked"
        return Refused(401, ((grant, None),))
    if len(request.raw) > LARGEST:
        return Refused(
            413, (("The JSON payload you have included in your request is too large.", None),)
        )
    if not request.headers.get("content-type", "").startswith("application/json"):
        return Refused(415, (("Content-Type should be application/json.", None),))
    try:
        body = request.body
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return Refused(400, (("Bad Request", None),))
    errors = tuple(_wrong(body))
    return Refused(400, errors) if errors else None


def _wrong(body: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    yield from _address(body.get("from"), "from")
    if "reply_to" in body:
        yield from _address(body["reply_to"], "reply_to")
    yield from _people(body.get("personalizations"), bool(body.get("subject")))
    yield from _content(body.get("content"))
    for number, attachment in enumerate(body.get("attachments") or ()):
        yield from _attachment(attachment, f"attachments.{number}")
    arguments = body.get("custom_args") or {}
    if any(not isinstance(value, str) for value in arguments.values()):
        yield "The custom_args values must be strings.", "custom_args"
    if len(json.dumps(arguments)) > _FURTHEST_ARGS:
        yield "The custom_args parameter is too large.", "custom_args"
    categories = body.get("categories") or []
    if len(categories) > _MOST_CATEGORIES or len(categories) != len(set(categories)):
        yield "There is a limit of 10 categories, and each must be unique.", "categories"
    for name in body.get("headers") or {}:
        if name.lower() in _RESERVED:
            yield f"The header {name} is reserved.", f"headers.{name}"


def _people(people: Any, has_subject: bool) -> Iterator[tuple[str, str | None]]:
    if not isinstance(people, list) or not people:
        yield (
            "The personalizations field is required and must have at least one personalization.",
            ("personalizations"),
        )
        return
    if len(people) > _MOST_PEOPLE:
        yield "There is a limit of 1000 personalizations.", "personalizations"
    for number, person in enumerate(people):
        place = f"personalizations.{number}"
        if not person.get("to"):
            yield "The to array is required for all personalization objects.", f"{place}.to"
        recipients = [one for field in ("to", "cc", "bcc") for one in person.get(field) or ()]
        for one in recipients:
            yield from _address(one, f"{place}.to")
        addresses = [str(one.get("email", "")).lower() for one in recipients]
        if len(addresses) != len(set(addresses)):
            yield "Each email address in the personalization block should be unique.", place
        if not has_subject and not person.get("subject"):
            yield "The subject is required, here or in every personalization.", "subject"


def _content(content: Any) -> Iterator[tuple[str, str | None]]:
    if not isinstance(content, list) or not content:
        yield (
            "Unless a valid template_id is provided, the content parameter is required.",
            "content",
        )
        return
    for number, part in enumerate(content):
        if not part.get("type") or not part.get("value"):
            yield (
                "The content value must be a string at least one character in length.",
                (f"content.{number}.value"),
            )
    order = {"text/plain": 0, "text/html": 1}
    kinds = [order.get(str(part.get("type")), 2) for part in content]
    if kinds != sorted(kinds):
        yield (
            "If present, text/plain and text/html may only be provided once, in that order.",
            ("content"),
        )


def _attachment(attachment: Any, place: str) -> Iterator[tuple[str, str | None]]:
    if not attachment.get("filename"):
        yield "The attachment filename parameter is required.", f"{place}.filename"
    try:
        base64.b64decode(str(attachment.get("content", "")), validate=True)
    except binascii.Error:
        yield "The attachment content must be base64 encoded.", f"{place}.content"


def _address(value: Any, place: str) -> Iterator[tuple[str, str | None]]:
    email = value.get("email") if isinstance(value, dict) else None
    if not email:
        yield f"The {place} object must be provided with an email.", f"{place}.email"
    elif not _ADDRESS.fullmatch(str(email)):
        yield "Does not contain a valid address.", f"{place}.email"
