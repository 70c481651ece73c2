"""The fault matrix: its rows by name, and how one of them is played with several seeds."""

from collections.abc import Mapping, Sequence

from tests.faults.outages import (
    database_stalled,
    database_stopped,
    provider_down_for_a_day,
    temporal_restarted,
)
from tests.faults.rows import Row, Setting, by_chance, killed, misreported
from tests.faults.stage import Run
from tests.faults.tally import Tally

ROWS: Mapping[str, Row] = {
    "takes it, then drops the line": by_chance(drop=0.3),
    "drops the line before it takes it": by_chance(cut=0.2),
    "never answers": by_chance(hang=0.1, silent=0.05),
    "slow": by_chance(slow=0.5),
    "429, with headers and without": by_chance(_429=0.04, _429_bare=0.04, _429_mute=0.12),
    "500 and 503": by_chance(_500=0.2, _503=0.2),
    "400 and 413": by_chance(_400=0.05, _413=0.05),
    "401 and 403, until it is fixed": by_chance(_401=0.1, _403=0.1),
    "worker killed before the send": killed("before_send"),
    "worker killed after the send": killed("after_send"),
    "worker killed before the mark": killed("before_mark"),
    "worker killed after the mark": killed("after_mark"),
    "database stopped before and while sending": database_stopped,
    "database stalled for longer than a heartbeat": database_stalled,
    "Temporal restarted while sending": temporal_restarted,
    "provider down for a day": provider_down_for_a_day,
    "events doubled, shuffled, late and forged": misreported,
}


NEVER_ANSWERED = frozenset(
    {
        "drops the line before it takes it",
        "never answers",
        *(name for name in ROWS if name.startswith(("worker killed", "database stopped"))),
    }
)
"""The rows in which some emails may stay unresolved: the provider has nothing to report of them."""

REFUSED = frozenset({"400 and 413", "events doubled, shuffled, late and forged"})
"""The rows in which emails may be refused for good: in all others nothing is wrong with them."""

LATE = frozenset({"provider down for a day"})
"""The rows in which emails are late, and the tasks of some are done before they can leave."""

WITHHELD = LATE | {"events doubled, shuffled, late and forged"}
"""The rows in which some are withheld: because they are stale, or for an address that bounced."""


async def play(row: str, setting: Setting, runs: Sequence[Run]) -> Tally:
    """One row, its runs one after the other; their figures added up."""
    total = Tally()
    for run in runs:
        total += await ROWS[row](setting, run)
    allowed = {
        "unresolved": NEVER_ANSWERED,
        "refused": REFUSED,
        "withheld": WITHHELD,
        "collapsed": LATE,
    }
    for figure, rows in allowed.items():
        if (number := getattr(total, figure)) and row not in rows:
            total = total.but(f"{number} are {figure}, though nothing in this row makes them so")
    return total
