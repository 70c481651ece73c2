"""The kinds of email whose words an office may replace: all of them, summaries too."""

from collections.abc import Mapping

from notifications.catalogue import KINDS, Kind
from notifications.context import Letter
from notifications.digests.letters import MemberDigest, TeamDigest
from notifications.occasion import MissingFact, Occasion


def _of_no_occasion(it: Occasion) -> Letter:
    raise MissingFact(f"{it.kind}: a summary is of a programme, and of no one occasion")


DIGESTS: Mapping[str, Kind] = {
    name: Kind(name, context, _of_no_occasion, "always")
    for name, context in (("digest.manager", TeamDigest), ("digest.member", MemberDigest))
}
"""Summaries: see ``notifications.digests`` for how they are written."""

OVERRIDABLE: Mapping[str, Kind] = {**KINDS, **DIGESTS}
