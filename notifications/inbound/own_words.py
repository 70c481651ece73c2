"""The text that an email's sender wrote, without quotations and signature.

It reads line by line in one pass, so that no text makes it slow. When in doubt it keeps a line:
only clear quotations and signatures go. A text that seems to be nothing else stays whole.
"""

import re
import unicodedata
from dataclasses import dataclass

LONGEST = 20_000
"""The most characters of a reply that are kept: as many as a long note has."""
_LONGEST_LINE = 400
"""Longer lines are not tested: none of them begins a quotation."""

_WROTE = re.compile(r"^(on|ar|am|le|el|am) .{6,}(wrote|ysgrifennodd .*|a écrit|escribió) ?:$", re.I)
_ENDS_WROTE = re.compile(r"(wrote|ysgrifennodd|a écrit|escribió) ?:$", re.I)
_BEGINS_WROTE = re.compile(r"^(on|ar|am) .{6,}\d", re.I)
_ORIGINAL = re.compile(
    r"^-{2,} ?(original message|forwarded message|neges wreiddiol|original appointment) ?-{2,}$",
    re.I,
)
_HEADER = re.compile(
    r"^\*?(from|sent|to|cc|subject|date|oddi wrth|anfonwyd|at|pwnc|dyddiad) ?:\*? ?\S", re.I
)
_FROM = re.compile(r"^\*?(from|oddi wrth) ?:\*? ?\S", re.I)
_RULE = re.compile(r"^[_-]{20,}$")
_PHONE = re.compile(
    r"^(sent from my \S.{0,40}|sent from (outlook|mail|yahoo).{0,60}|get outlook for .{0,60}"
    r"|anfonwyd o fy .{0,40}|wedi'i anfon o .{0,40})$",
    re.I,
)


@dataclass(frozen=True)
class Answer:
    """The sender's own text, and whether its end was cut."""

    text: str
    cut: bool = False


def answer_in(text: str) -> Answer:
    """The sender's own text in the plain text of an email."""
    lines = [line.rstrip() for line in clean(text).split("\n")]
    own = _tidy(_without_signature(_without_quotations(lines)))
    if not own:
        # All of it looks like a quotation: show it whole rather than nothing.
        own = _tidy(lines)
    return Answer(own[:LONGEST].rstrip(), cut=len(own) > LONGEST)


def clean(text: str) -> str:
    """The text with one kind of line end, without characters that databases or pages refuse."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    return "".join(
        character
        for character in text
        if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cs", "Co", "Cn")
    )


def _without_quotations(lines: list[str]) -> list[str]:
    """Remove marked lines anywhere, so that replies between them stay. An unmarked quotation, such
    as one below an Outlook header, continues to the end."""
    own: list[str] = []
    index = 0
    while index < len(lines):
        line = lines[index].strip()
        if line.startswith(">"):
            index += 1
            continue
        taken = _attribution(lines, index)
        if taken:
            rest = index + taken
            while rest < len(lines) and not lines[rest].strip():
                rest += 1
            if rest < len(lines) and lines[rest].strip().startswith(">"):
                index = rest
                continue
            # Quoted without marks: the rest is the office's own email.
            break
        if _begins_unmarked(lines, index):
            break
        own.append(lines[index])
        index += 1
    return own


def _attribution(lines: list[str], index: int) -> int:
    """The number of lines that say "On …, … wrote:"; email programs use up to three."""
    first = lines[index].strip()
    if len(first) > _LONGEST_LINE:
        return 0
    if _WROTE.match(first):
        return 1
    if not _BEGINS_WROTE.match(first):
        return 0
    for more in (1, 2):
        if index + more >= len(lines):
            break
        line = lines[index + more].strip()
        if not line or line.startswith(">") or len(line) > _LONGEST_LINE:
            break
        if _ENDS_WROTE.search(line):
            return more + 1
    return 0


def _begins_unmarked(lines: list[str], index: int) -> bool:
    line = lines[index].strip()
    if len(line) > _LONGEST_LINE:
        return False
    if _ORIGINAL.match(line):
        return True
    if _RULE.match(line):
        following = [one.strip() for one in lines[index + 1 : index + 4] if one.strip()]
        return bool(following) and bool(_FROM.match(following[0][:_LONGEST_LINE]))
    if _FROM.match(line):
        # One line "From: …" may be the sender's own; with two more headers below it is a quotation.
        below = [one.strip()[:_LONGEST_LINE] for one in lines[index + 1 : index + 6] if one.strip()]
        return sum(bool(_HEADER.match(one)) for one in below[:4]) >= 2
    return False


def _without_signature(lines: list[str]) -> list[str]:
    """The lines before the signature: the mark ``-- `` (RFC 3676), or a phone's own line.

    A name or a greeting at the end is part of the text and stays.
    """
    for index, line in enumerate(lines):
        if line in ("--", "-- ") and index > 0:
            return lines[:index]
    end = len(lines)
    while end and (not lines[end - 1].strip() or _PHONE.match(lines[end - 1].strip()[:100])):
        end -= 1
    return lines[:end]


def _tidy(lines: list[str]) -> str:
    """Reduce several empty lines to one."""
    kept: list[str] = []
    for line in lines:
        if line.strip() or (kept and kept[-1]):
            kept.append(line if line.strip() else "")
    return "\n".join(kept).strip("\n").strip()
