"""What the sender of an email wrote themselves: without what they quote, and without a signature.

Line by line and in one pass, so that no text makes it slow. It would rather keep a line too many
than lose one: only what is plainly a quotation or a signature goes, and a text that seems to be
nothing else stays whole.
"""

import re
import unicodedata
from dataclasses import dataclass

LONGEST = 20_000
"""Characters of an answer that are kept: the same as a long note."""
_LONGEST_LINE = 400
"""No line that begins a quotation is longer; longer ones are not looked at."""

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
    """What was written, and whether its end had to be left out."""

    text: str
    cut: bool = False


def answer_in(text: str) -> Answer:
    """The sender's own words in the plain text of an email."""
    lines = [line.rstrip() for line in clean(text).split("\n")]
    own = _tidy(_without_signature(_without_quotations(lines)))
    if not own:
        # All of it reads as a quotation: then it is better shown whole than not at all.
        own = _tidy(lines)
    return Answer(own[:LONGEST].rstrip(), cut=len(own) > LONGEST)


def clean(text: str) -> str:
    """The text with one kind of line end and without characters that no database or page takes."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    return "".join(
        character
        for character in text
        if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cs", "Co", "Cn")
    )


def _without_quotations(lines: list[str]) -> list[str]:
    """Marked lines go wherever they stand, so that answers between them stay; what is not marked
    (an Outlook header) is a quotation up to the end."""
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
            # Quoted without marks: all that follows is what we wrote.
            break
        if _begins_unmarked(lines, index):
            break
        own.append(lines[index])
        index += 1
    return own


def _attribution(lines: list[str], index: int) -> int:
    """How many lines from here say "On …, … wrote:"; mail programs break it into up to three."""
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
        # One line "From: …" may be somebody's own words; two more headers below it are not.
        below = [one.strip()[:_LONGEST_LINE] for one in lines[index + 1 : index + 6] if one.strip()]
        return sum(bool(_HEADER.match(one)) for one in below[:4]) >= 2
    return False


def _without_signature(lines: list[str]) -> list[str]:
    """Up to the signature: the agreed mark ``-- `` (RFC 3676), or what a telephone adds. A name or
    a greeting at the end is somebody's words, and stays."""
    for index, line in enumerate(lines):
        if line in ("--", "-- ") and index > 0:
            return lines[:index]
    end = len(lines)
    while end and (not lines[end - 1].strip() or _PHONE.match(lines[end - 1].strip()[:100])):
        end -= 1
    return lines[:end]


def _tidy(lines: list[str]) -> str:
    """At most one empty line in a row."""
    kept: list[str] = []
    for line in lines:
        if line.strip() or (kept and kept[-1]):
            kept.append(line if line.strip() else "")
    return "\n".join(kept).strip("\n").strip()
