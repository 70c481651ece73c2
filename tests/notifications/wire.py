"""Reads an email as it travelled, the way a mail program does."""

import re
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage

HEADERS = [
    "Subject",
    "From",
    "To",
    "Reply-To",
    "Message-ID",
    "Date",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
]
"""The headers of an email that cannot be unsubscribed from, in their order."""


def read(raw: bytes) -> EmailMessage:
    """The message as Python's newer parser reads it."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def person(raw: bytes, header: str) -> tuple[str, str]:
    """The name and the address in a header.

    Python's newer parser puts a space between two encoded words of a name, against RFC 2047
    (python/cpython#128110); its older one does not.
    """
    value = re.sub(r"\r?\n(?=[ \t])", "", str(message_from_bytes(raw)[header]))
    name, _, address = value.rpartition("<")
    name = name.strip()
    if name.startswith('"'):
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    return str(make_header(decode_header(name))), address.rstrip(">")
