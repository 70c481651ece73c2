"""How a command ends: its exit code, and the sentence for a user."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import IntEnum

import typer
from rich.console import Console

from commands.show import visible
from services.problems import Flaw, Problem


class Exit(IntEnum):
    """The exit codes; ``milepost --help`` lists them."""

    OK = 0
    REFUSED = 1
    USAGE = 2
    DOWN = 3


class Stop(Exception):
    """Ends a command with a sentence for the user, and details, one a line."""

    def __init__(
        self, sentence: str, *, code: Exit = Exit.REFUSED, details: Sequence[str] = ()
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code
        self.details = tuple(details)


@contextmanager
def ending(as_json: bool = False) -> Iterator[None]:
    """Turn a ``Stop`` or a service's ``Problem`` into its sentence on standard error and its exit
    code.

    With `as_json` the problem goes to standard output as JSON instead, for the machine that asked.
    """
    try:
        with stopping():
            yield
    except Stop as stop:
        if as_json:
            problem = {"error": stop.sentence, "details": list(stop.details)}
            typer.echo(json.dumps(problem, ensure_ascii=False, indent=2))
        else:
            console = Console(stderr=True, highlight=False)
            console.print(visible(stop.sentence), style="red", markup=False, soft_wrap=True)
            for detail in stop.details:
                console.print(f"  {visible(detail)}", markup=False, soft_wrap=True)
        raise typer.Exit(stop.code) from None


@contextmanager
def stopping() -> Iterator[None]:
    """Turn a service's ``Problem``, or a file that cannot be used, into a ``Stop``."""
    try:
        yield
    except Problem as problem:
        raise stop_for(problem) from None
    except OSError as problem:
        if problem.filename is None:
            raise
        raise Stop(
            f"{problem.filename} cannot be used: {problem.strerror}. Set MILEPOST_DATA_DIR to a"
            " folder in which Milepost may write."
        ) from None


SENTENCES: Mapping[str, str] = {
    "invalid": "Nothing was stored, because some values are invalid:",
    "exists": "Nothing was stored, because there is one already.",
    "unavailable": "Temporal does not answer, or no worker is running. Run `milepost doctor`.",
    "template-invalid": "The draft has errors, so nothing was stored or sent:",
}
"""What a command says instead of a problem's detail that speaks of a request."""


def stop_for(problem: Problem) -> Stop:
    """A service's problem as the end of a command."""
    code = Exit.DOWN if problem.name == "unavailable" else Exit.REFUSED
    details = [*(problem.blockers or ()), *(_line_of(one) for one in problem.errors or ())]
    sentence = SENTENCES.get(problem.name, problem.detail)
    if problem.missing:
        sentence = f"There is no {problem.missing}."
    return Stop(sentence, code=code, details=details)


def _line_of(flaw: Flaw) -> str:
    """An invalid value in one line: where it is, what is wrong, and how to correct it."""
    return f"{flaw.pointer.removeprefix('#/')}: {flaw.what} {flaw.fix}"
