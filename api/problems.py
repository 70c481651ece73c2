"""Answers every foreseen error as problem details (RFC 9457), and a slow record with 202."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from string import Formatter
from typing import Any, Literal

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from services.problems import Flaw, Problem, RecordPending, problem_words, wrong_value
from services.views.rows import example
from storage.queries.paging import BadCursor

log = logging.getLogger("milepost.api")

MEDIA_TYPE = "application/problem+json"

CHALLENGE = 'Bearer realm="milepost"'
"""The kind of credentials that a caller has to send."""

RETRY_AFTER_SECONDS = 5
"""The wait that a caller is told while the database is away."""

_BY_STATUS = {
    HTTPStatus.NOT_FOUND: "not-found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method-not-allowed",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported-media-type",
}


DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeout)
"""The database cannot be reached, is locked, or has no connection left. All of these pass."""

FORESEEN = (
    *(Problem, RequestValidationError, HTTPException, BadCursor, RecordPending),
    *DATABASE_AWAY,
)
"""What routes raise on purpose, and database errors that may happen in any route."""


class Pending(BaseModel):
    """A command that is taken, and whose record takes longer than usual."""

    model_config = example(
        {"state": "taken", "detail": "Your command is taken.", "location": "/api/v1/items/itm_1"}
    )
    state: Literal["taken"] = "taken"
    detail: str
    location: str = Field(description="Read this in a moment to see the outcome.")


def install(app: FastAPI) -> None:
    """Let ``app`` answer each error as a problem."""
    for kind in FORESEEN:
        app.add_exception_handler(kind, _foreseen)


async def _foreseen(request: Request, error: Exception) -> Response:
    return answer_to(error, request)


def answer_to(error: Exception, request: Request) -> Response:
    """The HTTP answer to a foreseen error."""
    if isinstance(error, RecordPending):
        return _pending(error)
    given = error.headers if isinstance(error, HTTPException) else None
    return problem_response(as_problem(error), request.url.path, given)


def problem_response(
    problem: Problem, instance: str, headers: Mapping[str, str] | None = None
) -> Response:
    """The HTTP answer to ``problem`` at the address ``instance``."""
    given = dict(headers or {})
    if problem.name == "unauthenticated":
        given["WWW-Authenticate"] = CHALLENGE
    if problem.retry_after is not None:
        given["Retry-After"] = str(problem.retry_after)
    return JSONResponse(
        problem.body(instance), status_code=problem.status, headers=given, media_type=MEDIA_TYPE
    )


def _pending(pending: RecordPending) -> Response:
    """The answer 202, with the address at which the outcome will show."""
    location = pending.location
    body = Pending(detail=str(problem_words()["pending"]["detail"]), location=location)
    return JSONResponse(body.model_dump(), status_code=202, headers={"Location": location})


def as_problem(error: Exception) -> Problem:
    """The problem for a foreseen error. Raises an error that is a bug of ours."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestValidationError):
        return invalid([dict(found) for found in error.errors()])
    if isinstance(error, BadCursor):
        return wrong_value("cursor", "query/cursor")
    if isinstance(error, DATABASE_AWAY):
        if _is_our_mistake(error):
            raise error
        log.error("the database cannot be used: %s", type(error).__name__)
        return database_away()
    assert isinstance(error, HTTPException)
    name = _BY_STATUS.get(HTTPStatus(error.status_code))
    if name is None:
        # FastAPI raises 400 for a body that does not match its content type.
        name = "invalid" if error.status_code < 500 else "internal"
    return Problem(name, expected="application/json")


def _is_our_mistake(error: SQLAlchemyError) -> bool:
    """Whether it is an invalid statement, which SQLite reports as an operational error, too."""
    cause = getattr(error, "orig", None)
    return getattr(cause, "sqlite_errorname", "") == "SQLITE_ERROR"


def database_away() -> Problem:
    """The problem while nothing can be read or written."""
    return Problem("database-away", retry_after=RETRY_AFTER_SECONDS)


def invalid(found: list[dict[str, Any]]) -> Problem:
    """The problem of a request with invalid values, each with how to correct it."""
    return Problem("invalid", errors=[_flaw(error) for error in found])


def _flaw(error: dict[str, Any]) -> Flaw:
    fixes = problem_words()["fix"]
    kind = str(error.get("type", ""))
    template = str(fixes.get(kind, fixes["other"]))
    context = error.get("ctx") or {}
    if "fix" in context:
        # Our own rules bring their own words.
        template = "{fix}"
    wanted = {name for _, name, _, _ in Formatter().parse(template) if name}
    if not wanted <= set(context):
        template = str(fixes["other"])
    what = printable(str(error.get("msg", ""))).removeprefix("Value error, ")
    return Flaw(pointer=_pointer(error.get("loc", ())), what=what, fix=template.format(**context))


def _pointer(loc: tuple[str | int, ...]) -> str:
    where, *path = [printable(str(part)) for part in loc] or ["body"]
    if where == "body":
        return "#" + "".join(f"/{part}" for part in path)
    return "/".join([where, *path])


def printable(text: str) -> str:
    """Text without half a surrogate pair, which JSON may spell and an answer cannot hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route for OpenAPI: its answers besides success."""
    titles: dict[int, list[str]] = {}
    for entry in problem_words().values():
        if "status" in entry:
            titles.setdefault(int(entry["status"]), []).append(str(entry["title"]))
    return {
        status: {
            "description": "; or: ".join(titles[status]),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}},
        }
        for status in statuses
    }
