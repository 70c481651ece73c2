"""How a command is refused: with a type, a sentence for people, and what blocks it."""

from collections.abc import Sequence

from temporalio.exceptions import ApplicationError

from workflows.messages import REFUSED

NOT_RECORDED = "NotRecorded"
"""The error type of a command whose record the database will never take."""


def refusal(sentence: str, blockers: Sequence[str] = ()) -> ApplicationError:
    """The error to raise where a command cannot be taken now. ``sentence`` says what to do.

    ``blockers`` lists what stands in the way (``kind:key`` of open items); it travels in the
    error's details. It is never retried: the caller has to decide anew.
    """
    details = ({"blockers": list(blockers)},) if blockers else ()
    return ApplicationError(sentence, *details, type=REFUSED, non_retryable=True)
