"""Problems: the one exception that ends a request, its body, and the words of every problem."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, Field


class Flaw(BaseModel):
    """One invalid value, where it is, and how to correct it."""

    pointer: str = Field(description="Where: `#/dates/0` in the body, or `query/limit`.")
    what: str = Field(description="What is wrong.")
    fix: str = Field(description="How to correct it.")


class ProblemBody(BaseModel):
    """What went wrong and what to do, as RFC 9457 lays it down."""

    type: str = Field(description="A stable address of this kind of problem.")
    title: str = Field(description="What kind of problem it is.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What to do about it.")
    instance: str = Field(default="", description="The address that was asked.")
    errors: list[Flaw] | None = Field(default=None, description="Each value that is wrong.")
    blockers: list[str] | None = Field(default=None, description="What stands in the way.")
    checks: dict[str, str] | None = Field(default=None, description="What each check found.")


class Problem(Exception):
    """Ends a request with a problem from ``problems.toml``."""

    def __init__(
        self,
        name: str,
        detail: str = "",
        *,
        errors: Sequence[Flaw] | None = None,
        blockers: Sequence[str] | None = None,
        checks: Mapping[str, str] | None = None,
        retry_after: int | None = None,
        missing: str = "",
        **words: object,
    ) -> None:
        entry = problem_words()[name]
        self.name = name
        self.status = int(entry["status"])
        self.title = str(entry["title"])
        self.detail = detail or str(entry["detail"]).format(retry_after=retry_after, **words)
        self.errors = list(errors) if errors else None
        self.blockers = list(blockers) if blockers else None
        self.checks = dict(checks) if checks else None
        self.retry_after = retry_after
        self.missing = missing
        """What ``not-found`` did not find. An answer of the API does not repeat it."""
        super().__init__(f"{name}: {self.detail}")

    def body(self, instance: str) -> dict[str, Any]:
        """The body, without empty parts."""
        return ProblemBody(
            type=f"/problems/{self.name}",
            title=self.title,
            status=self.status,
            detail=self.detail,
            instance=instance,
            errors=self.errors,
            blockers=self.blockers,
            checks=self.checks,
        ).model_dump(exclude_none=True)


@lru_cache
def problem_words() -> Mapping[str, Mapping[str, Any]]:
    """The words of every problem by name, and those of ``fix``, ``wrong`` and refusals."""
    text = files("services").joinpath("problems.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def wrong_words(name: str) -> Mapping[str, str]:
    """The words for an invalid value: ``what`` is wrong, and the ``fix``."""
    words: Mapping[str, str] = problem_words()["wrong"][name]
    return words


def wrong_value(name: str, pointer: str, **said: str) -> Problem:
    """The problem ``invalid`` for one value that our own rules, or the database, reject.

    ``said`` has the words that depend on the value.
    """
    return Problem("invalid", errors=[Flaw(pointer=pointer, **wrong_words(name), **said)])


class RecordPending(Exception):
    """A command is taken and will complete, but its record takes longer than a caller should wait.

    ``location`` is the address at which its outcome will show.
    """

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location
