"""An email in its raw MIME form ("send raw"), read into the fields that the parsed form has.

The provider posts either. Files are counted, never opened; an email inside the email is a file.
"""

import re
from collections.abc import Iterator, Mapping
from email import message_from_bytes
from email.message import Message

RAW = "email"
"""The field of the form with the whole email, one character a byte."""
_END_OF_HEADERS = re.compile(r"\r?\n\r?\n")
_MOST_PARTS = 500
_DEEPEST = 20


def fields_of(fields: Mapping[str, str]) -> tuple[Mapping[str, str], int]:
    """The fields as the parsed form has them, and how many files there were.

    A form that is parsed already stays as it is. What cannot be read has no words.
    """
    if RAW not in fields:
        return fields, 0
    rest = {name: value for name, value in fields.items() if name != RAW}
    try:
        message = message_from_bytes(fields[RAW].encode("latin-1", "replace"))
        text, html, files = _words(message)
    except Exception:  # the standard parser promises nothing about garbage
        # What we cannot read ourselves proves nothing either.
        return {**rest, "SPF": "", "dkim": ""}, 0
    headers = _END_OF_HEADERS.split(fields[RAW], maxsplit=1)[0]
    return {"text": text, "html": html, "headers": headers, **rest}, files


def _words(message: Message) -> tuple[str, str, int]:
    """The first text, the first HTML, and how many other parts."""
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
    """The parts that are no containers; what is nested too deep, or is too many, is left out."""
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
