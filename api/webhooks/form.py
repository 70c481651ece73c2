"""Reads a multipart form as a stream: keeps small fields, and counts files without keeping them."""

import codecs
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from notifications.inbound.message import RAW

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

LONGEST_FIELD = 512 * 1024
"""Bytes of a field that are kept. The rest of a longer field is dropped."""
MOST_FIELDS = 100
MOST_BYTES = 40 * 1024 * 1024
"""Bytes of the whole form with its files. The provider takes emails of 30 MB."""
_NO_CHARSETS = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"})
"""Python encodings that no email uses. Some of them are slow."""


class UnreadableForm(Exception):
    """It is no multipart form, or breaks off. The message is a named reason."""


@dataclass(frozen=True)
class Form:
    """The fields, decoded with the form's character set for each, and the number of files."""

    fields: Mapping[str, str]
    files: int


@dataclass
class _Reader:
    """Receives the parser's calls. Memory is bounded by the fields that are kept."""

    kept: dict[str, bytearray] = field(default_factory=dict)
    files: int = 0
    ended: bool = False
    _header: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)
    _disposition: bytes = b""
    _into: bytearray | None = None

    def callbacks(self) -> "MultipartCallbacks":
        """These methods, for the parser."""
        return {
            "on_part_begin": self.on_part_begin,
            "on_header_field": self.on_header_field,
            "on_header_value": self.on_header_value,
            "on_header_end": self.on_header_end,
            "on_headers_finished": self.on_headers_finished,
            "on_part_data": self.on_part_data,
            "on_end": self.on_end,
        }

    def on_part_begin(self) -> None:
        self._disposition, self._into = b"", None

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def on_header_end(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header, self._value = bytearray(), bytearray()

    def on_headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" in options or b"filename*" in options:
            self.files += 1
        elif name and name not in self.kept and len(self.kept) < MOST_FIELDS:
            self._into = self.kept.setdefault(name, bytearray())

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._into is not None:
            self._into += data[start : min(end, start + LONGEST_FIELD - len(self._into))]

    def on_end(self) -> None:
        self.ended = True


async def read_form(content_type: str, body: AsyncIterator[bytes]) -> Form:
    """Read the whole form. Raises ``UnreadableForm``."""
    kind, options = parse_options_header(content_type.encode("latin-1", "replace"))
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not 0 < len(boundary) <= 200:
        raise UnreadableForm("not_a_form")
    reader = _Reader()
    size = 0
    try:
        parser = MultipartParser(boundary, reader.callbacks())
        async for chunk in body:
            size += len(chunk)
            if size > MOST_BYTES:
                raise UnreadableForm("too_large")
            if chunk:
                parser.write(chunk)
        parser.finalize()
    except FormParserError:
        raise UnreadableForm("not_a_form") from None
    if not reader.ended:
        raise UnreadableForm("broken_off")
    return Form(_decoded(reader.kept), reader.files)


def _decoded(kept: Mapping[str, bytearray]) -> dict[str, str]:
    charsets = _charsets(bytes(kept.get("charsets", b"")))
    # A raw email has a character set for each part, so its bytes are kept as they are.
    raw_email = {RAW: "latin-1"}
    return {
        name: _text(bytes(raw), raw_email.get(name) or charsets.get(name, "utf-8"))
        for name, raw in kept.items()
    }


def _charsets(raw: bytes) -> dict[str, str]:
    try:
        found = json.loads(raw[:4000])
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _text(raw: bytes, charset: str) -> str:
    try:
        if codecs.lookup(charset).name in _NO_CHARSETS:
            charset = "utf-8"
        return raw.decode(charset, "replace")
    except (LookupError, ValueError):
        # No character set for text, or unknown to Python.
        return raw.decode("utf-8", "replace")
