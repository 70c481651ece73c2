"""The headers of an email, each written from plain text, so that no text can add one.

``EmailMessage`` reads a text before it writes it. It decodes what looks like an encoded word
(RFC 2047), and folds the header at the line ends that it finds in there. Here nothing is decoded:
what looks like an encoded word is encoded once more, so its reader sees it as it was typed.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from email.parser import BytesParser

import idna

from programmes.fields import one_line

_LINE = 76
"""The most characters of a line with an encoded word (RFC 2047, 2)."""
_WORD = 75
"""The most characters of an encoded word, with all that is around its text."""
_AROUND = len("=?utf-8?q??=")
_LONGEST_LINE = 998
"""The most bytes of any line, without its end (RFC 5322, 2.1.1)."""
_LONGEST_ADDRESS = 254

_PRINTABLE = re.compile(r"[ -~]*")
_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ATOMS = re.compile(rf"{_ATEXT}( {_ATEXT})*")
_LOCAL = re.compile(rf"{_ATEXT}(\.{_ATEXT})*|\"([ !#-\[\]-~]|\\[ -~])+\"")
_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_DOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_AS_IT_IS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
"""What needs no code even in the name of a person (RFC 2047, 5, rule 3)."""

_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_FIELD = re.compile(rb"([!-9;-~]+):(?:[ \t][\t -~]*)?(?:\r\n[ \t]+[!-~][\t -~]*)*")
_OF_A_PART = frozenset(
    {"content-type", "content-transfer-encoding", "content-disposition", "mime-version"}
)


class NoAddress(ValueError):
    """An address that no header can hold."""


class UnsafeHeaders(ValueError):
    """A header that would not be read as it was meant. ``args`` hold no personal data."""


def text_header(name: str, text: str) -> str:
    """A header whose value is free text, such as a subject. It is put on one line first."""
    text = one_line(text)
    words = text.split()
    if not _is_plain(text) or any(len(word) > _WORD for word in words):
        words = _encoded(text, len(name) + 2)
    return _folded(f"{name}:", words)


def address_header(name: str, person: str, address: str) -> str:
    """A header with one person: the name as text, the address in ASCII. Raises ``NoAddress``."""
    plain = ascii_address(address)
    person = one_line(person)
    if not person:
        return f"{name}: {plain}"
    return _folded(f"{name}:", [*_phrase(person, len(name) + 2), f"<{plain}>"])


def plain_header(name: str, value: str) -> str:
    """A header that programs read, such as a link: it stays on one line. Raises
    ``UnsafeHeaders``."""
    if not _is_plain(value) or len(name) + 2 + len(value) > _LONGEST_LINE:
        raise UnsafeHeaders(name)
    return f"{name}: {value}"


def require_tokens(*values: str) -> None:
    """Check what goes into the header of a part: a method, a file's name. Raises
    ``UnsafeHeaders``."""
    if not all(_TOKEN.fullmatch(value) for value in values):
        raise UnsafeHeaders("calendar part")


def ascii_address(address: str) -> str:
    """The address as mail servers write it: its domain in ASCII (RFC 5890). Raises ``NoAddress``.

    What looks like an encoded word is refused, since some programs decode it even in an address.
    """
    if len(address) > _LONGEST_ADDRESS:
        raise NoAddress
    local, _, domain = address.rpartition("@")
    try:
        named = domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        raise NoAddress from None
    plain = f"{local}@{named}"
    if (
        not _LOCAL.fullmatch(local)
        or not _DOMAIN.fullmatch(named)
        or "=?" in plain
        or len(plain) > _LONGEST_ADDRESS
    ):
        raise NoAddress
    return plain


def shown_as_typed(text: str) -> str:
    """The text for a provider that writes the headers itself: no reader takes it for an encoded
    word. An invisible character (U+2060) parts the two that would begin one."""
    return text.replace("=?", "=\u2060?")


def require_safe(content: bytes, names: Sequence[str]) -> None:
    """Check a message as it is about to travel; ``names`` are the headers that it is to have, in
    their order. Raises ``UnsafeHeaders``."""
    if re.search(rb"\r(?!\n)|(?<!\r)\n", content):
        raise UnsafeHeaders("bare line end")
    if max(map(len, content.split(b"\r\n"))) > _LONGEST_LINE:
        raise UnsafeHeaders("line too long")
    found = []
    for field in re.split(rb"\r\n(?![ \t])", content.partition(b"\r\n\r\n")[0]):
        read = _FIELD.fullmatch(field)
        if read is None:
            raise UnsafeHeaders("not a header")
        found.append(read[1].decode().lower())
    if found != [name.lower() for name in names]:
        raise UnsafeHeaders("other headers than meant")
    _, *parts = BytesParser().parsebytes(content).walk()
    if any(name.lower() not in _OF_A_PART for part in parts for name in part):
        raise UnsafeHeaders("other headers of a part than meant")


def _is_plain(text: str) -> bool:
    return bool(_PRINTABLE.fullmatch(text)) and "=?" not in text


def _phrase(person: str, taken: int) -> Sequence[str]:
    """The name of a person: as it is, in quotation marks, or in encoded words."""
    quoted = '"' + re.sub(r'(["\\])', r"\\\1", person) + '"'
    if _is_plain(person) and taken + len(quoted) <= _LINE:
        return [person if _ATOMS.fullmatch(person) else quoted]
    return _encoded(person, taken)


def _folded(start: str, words: Iterable[str]) -> str:
    """The words on as few lines as they fit on."""
    lines = [start]
    for word in words:
        # The first word stays beside the header's name: a line of a name alone reads as empty.
        if lines[-1] == start or len(lines[-1]) + 1 + len(word) <= _LINE:
            lines[-1] += f" {word}"
        else:
            lines.append(f" {word}")
    return "\r\n".join(lines)


def _encoded(text: str, taken: int) -> list[str]:
    """The text in encoded words, in the shorter of the two codes. Each holds whole characters, and
    the first fits beside the ``taken`` characters before it."""
    code, write = min((("q", _in_q), ("b", _in_b)), key=lambda one: len(one[1](text)))
    room = min(_WORD, _LINE - taken) - _AROUND
    parts = [""]
    for letter in text:
        if len(write(parts[-1] + letter)) > room:
            room = _WORD - _AROUND
            parts.append("")
        parts[-1] += letter
    return [f"=?utf-8?{code}?{write(part)}?=" for part in parts]


def _in_q(text: str) -> str:
    return "".join(
        "_" if letter == " " else letter if letter in _AS_IT_IS else _coded(letter)
        for letter in text
    )


def _coded(letter: str) -> str:
    return "".join(f"={byte:02X}" for byte in letter.encode())


def _in_b(text: str) -> str:
    return b64encode(text.encode()).decode()
