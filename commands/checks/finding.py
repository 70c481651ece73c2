"""What a check found about one part."""

from dataclasses import dataclass
from typing import Literal

from commands.catalogue import say

State = Literal["ok", "notice", "problem", "down"]
"""``notice``: works, with something to know. ``problem``: to be mended. ``down``: unreachable."""


@dataclass(frozen=True)
class Finding:
    """One line of the report; `mend` says what to do unless all is well."""

    part: str
    state: State
    what: str
    mend: str = ""


def found(part: str, state: State, key: str, **values: object) -> Finding:
    """A finding in the words of the catalogue's ``[doctor]``: ``<key>`` and ``<key>_mend``."""
    mend = "" if state == "ok" else say(f"doctor.{key}_mend", **values)
    return Finding(part, state, say(f"doctor.{key}", **values), mend)
