"""How the fake SendGrid misbehaves: by a script, or by chance with a seed; the same seed, the same.

* ``ok``: takes the email, 202 with ``X-Message-Id``; ``slow``: the same after a while
* ``drop``: takes the email and cuts the line; ``cut``: cuts the line without taking it
* ``hang``: takes the email and never answers; ``silent``: the same without taking it. Both end
  after ``patience`` seconds, when the line is cut
* ``429``: rate limited, with ``Retry-After``; ``429 bare``: only with ``X-RateLimit-Reset``;
  ``429 mute``: with no header at all
* ``503 wait``: down, with ``Retry-After``
* ``400``, ``401``, ``403``, ``413``, ``500``, ``502``, ``503``: those answers, and nothing taken
"""

import random
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

CODES = (400, 401, 403, 413, 500, 502, 503)
TAKES = frozenset({"ok", "slow", "drop", "hang"})
MODES = (
    *(*sorted(TAKES), "cut", "silent", "429", "429 bare", "429 mute", "503 wait"),
    *(str(code) for code in CODES),
)


@dataclass
class Faults:
    """What happens to the next request."""

    chances: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0
    most_per_mail: int | None = None
    """An email that failed so often is taken the next time; ``None``: no such mercy."""
    patience: float = 60.0
    """Seconds until a line that hangs is cut: more than any client waits."""
    slowness: float = 1.0
    retry_after: int = 7
    reset_at: int | None = None
    """When the limit begins anew after ``429 bare``; ``None``: after ``retry_after`` seconds."""
    script: deque[str] = field(default_factory=deque)
    """Modes for the next requests; they go before chance."""
    failed: Counter[str] = field(default_factory=Counter)
    always: str = ""
    """A mode for every request, as long as it is set."""

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    def next_for(self, notification_id: str) -> str:
        """The mode of a request for that notification."""
        if self.always:
            return self.always
        if self.script:
            return self.script.popleft()
        if self.most_per_mail is not None and self.failed[notification_id] >= self.most_per_mail:
            return "ok"
        draw, reached = self._chance.random(), 0.0
        for mode, chance in self.chances.items():
            reached += chance
            if draw < reached:
                self.failed[notification_id] += 1
                return mode
        return "ok"


def parse_faults(text: str) -> dict[str, float]:
    """``drop=0.1,429=0.2`` → chances by mode. Raises ``ValueError`` with a sentence."""
    chances: dict[str, float] = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        mode, _, chance = part.partition("=")
        mode = mode.strip().replace("-", " ")
        if mode not in MODES:
            raise ValueError(f"There is no fault {mode!r}; there are {', '.join(MODES)}.")
        try:
            chances[mode] = float(chance)
        except ValueError:
            raise ValueError(f"{part!r} lacks its chance: write {mode}=0.1.") from None
    if any(chance < 0 for chance in chances.values()) or sum(chances.values()) > 1:
        raise ValueError("The chances are shares of all requests: from 0 to 1, and 1 in all.")
    return chances
