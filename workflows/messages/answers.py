"""What a command answers, and how it is refused."""

from dataclasses import dataclass

REFUSED = "Refused"
"""The error type of every refusal; its details may hold ``{"blockers": [...]}``."""


@dataclass(frozen=True)
class Answer:
    """The state after a command: whoever reads the database next sees at least this sequence."""

    id: str
    stage: str
    sequence: int
