"""Reads an inbound email, in the provider's parsed form or as raw MIME ("send raw").

The provider posts either. Files are counted and never opened; an attached email counts as a file.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.parser import HeaderParser
from hashlib import sha256

from notifications.inbound.address import addresses_in, sender_in
from notifications.inbound.authenticity import proven

RAW = "email"
"""The form field with the whole email, one character per byte."""
_END_OF_HEADERS = re.compile(r"\r?\n\r?\n")
_MOST_PARTS = 500
_DEEPEST = 20


def fields_of(fields: Mapping[str, str]) -> tuple[Mapping[str, str], int]:
    """The fields of the parsed form, and the number of files in a raw email.

    A parsed form is returned as it is. An unreadable email has no text.
    """
    if RAW not in fields:
        return fields, 0
    rest = {name: value for name, value in fields.items() if name != RAW}
    try:
        message = message_from_bytes(fields[RAW].encode("latin-1", "replace"))
        text, html, files = _words(message)
    except Exception:  # the standard parser may raise anything on garbage
        # An unreadable email proves nothing about its sender either.
        return {**rest, "SPF": "", "dkim": ""}, 0
    headers = _END_OF_HEADERS.split(fields[RAW], maxsplit=1)[0]
    return {"text": text, "html": html, "headers": headers, **rest}, files


def _words(message: Message) -> tuple[str, str, int]:
    """The first text, the first HTML, and the number of other parts."""
    text = html = ""
    files = 0
    for part in _parts(message):
        kind = part.get_content_type()
        if part.get_filename() or part.get_content_disposition() == "attachment":
            files += 1
        elif kind == "text/plain" and not text:
            text = _decoded(part)
        elif kind == "text/html" and not html:
            html = _decoded(part)
        elif not kind.startswith("text/"):
            files += 1
    return text, html, files


def _parts(message: Message, depth: int = 0) -> Iterator[Message]:
    """The parts that are not containers; parts nested too deep, or too many, are left out."""
    if message.get_content_maintype() != "multipart":
        yield message
        return
    inner = message.get_payload()
    if depth >= _DEEPEST or not isinstance(inner, list):
        return
    for part in inner[:_MOST_PARTS]:
        if isinstance(part, Message):
            yield from _parts(part, depth + 1)


def _decoded(part: Message) -> str:
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    try:
        return raw.decode(part.get_content_charset() or "utf-8", "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")


_HEADERS_LONGEST = 64_000
_AUTOMATIC = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply")
_IN_BULK = frozenset({"bulk", "list", "junk", "auto_reply", "auto-reply"})
_MACHINES = frozenset({"mailer-daemon", "postmaster"})


@dataclass(frozen=True)
class Incoming:
    """The fields of one email as they came; they may be forged."""

    key: str
    """The hash of its ``Message-ID``, or of all its fields without one."""
    to: tuple[str, ...]
    """Its recipients by the envelope, then by the header."""
    sender: str
    """The one address of its ``From``, or empty."""
    claims: str
    """Its ``From`` header as written."""
    text: str
    html: str
    attachments: int
    automatic: str
    """The reason why a machine wrote it; empty if a person may have."""
    proven: bool
    """Whether SPF or DKIM show that it comes from the domain of its ``From``."""


def incoming(fields: Mapping[str, str], files: int) -> Incoming:
    """Read the fields of the form, parsed or raw. Missing or invalid fields are empty."""
    fields, in_raw = fields_of(fields)
    files += in_raw
    headers = _headers(fields.get("headers", ""))
    envelope = _object(fields.get("envelope", ""))
    came_from = envelope.get("from")
    claims = fields.get("from", "") or headers.get("from", "")
    recipients = envelope.get("to")
    to = [one for one in recipients if isinstance(one, str)] if isinstance(recipients, list) else []
    to += addresses_in(fields.get("to", ""))
    named = headers.get("message-id", "").strip()
    whole = named or json.dumps(sorted(fields.items()))
    return Incoming(
        key=sha256(whole.encode("utf-8", "replace")).hexdigest(),
        to=tuple(to),
        sender=sender_in(claims),
        claims=" ".join(claims.split())[:300],
        text=fields.get("text", ""),
        html=fields.get("html", ""),
        attachments=max(files, _count(fields.get("attachments", ""))),
        automatic=_automatic(headers, came_from, sender_in(claims)),
        proven=proven(
            sender_in(claims),
            spf=fields.get("SPF", ""),
            envelope_from=came_from,
            dkim=fields.get("dkim", ""),
            headers=fields.get("headers", ""),
        ),
    )


def _automatic(headers: Mapping[str, str], came_from: object, sender: str) -> str:
    """Recognise out-of-office notes, lists and bounces: by RFC 3834 and common practice."""
    submitted = headers.get("auto-submitted", "no").split(";")[0].strip().lower()
    if came_from == "" or headers.get("return-path", "").strip() == "<>":
        return "bounce"
    if headers.get("content-type", "").strip().lower().startswith("multipart/report"):
        return "bounce"
    if sender.partition("@")[0].lower() in _MACHINES:
        return "bounce"
    if submitted not in ("", "no") or any(name in headers for name in _AUTOMATIC):
        return "auto_reply"
    if "list-id" in headers or headers.get("precedence", "").strip().lower() in _IN_BULK:
        return "bulk_mail"
    return ""


def _headers(text: str) -> Mapping[str, str]:
    """Header names in lower case, with the first value of each."""
    try:
        message = HeaderParser().parsestr(text[:_HEADERS_LONGEST], headersonly=True)
        pairs = [(name.lower(), str(value)) for name, value in message.items()]
    except Exception:  # the standard parser may raise anything on garbage
        return {}
    return dict(reversed(pairs))


def _object(text: str) -> Mapping[str, object]:
    try:
        found = json.loads(text[:_HEADERS_LONGEST])
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _count(text: str) -> int:
    text = text.strip()
    return min(int(text), 999) if text.isascii() and text.isdecimal() and len(text) < 6 else 0
