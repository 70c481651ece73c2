"""What every route checks first: the token, the role, and whether the request is a repeat."""

import json
import re
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import wraps
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Security
from fastapi.responses import Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer

from api.problems import FORESEEN, answer_to, documented, printable
from services.backend import Backend
from services.permissions import ROLES, RULES, Actor, require
from services.problems import Flaw, Problem, wrong_value, wrong_words
from services.views.written import written
from storage.idempotency import KeyReused, Known, StillRunning, begin, finish, forget
from storage.queries.access import holder_of

bearer = HTTPBearer(
    auto_error=False, scheme_name="token", description="A token that `milepost token create` made."
)
"""Only describes the scheme in OpenAPI: ``GuardedRoute`` checks the token."""


@dataclass(frozen=True)
class Call:
    """A request that passed the checks: its caller and key."""

    backend: Backend
    actor: Actor
    key: str | None
    """The ``Idempotency-Key`` combined with the request, if it has a key. Ids are derived from
    it."""


class GuardedRoute(APIRoute):
    """A route whose name is an operation in ``services.permissions``, so each has a rule."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        reads = options.get("methods") == ["GET"]
        super().__init__(path, _answering(endpoint) if reads else endpoint, **options)
        if self.name not in RULES:
            raise LookupError(f"the operation {self.name!r} has no rule in services/permissions.py")

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        operation = self.name
        takes = self.openapi_extra_media_type()
        parameters = {one.alias for one in self.dependant.query_params}

        async def guarded(request: Request) -> Response:
            backend: Backend = request.app.state.backend
            if request.method != "GET":
                return await checked(request, backend)
            # The look-up of the token and the read itself take one connection.
            async with backend.database.one_reading():
                return await checked(request, backend)

        async def checked(request: Request, backend: Backend) -> Response:
            actor = await authenticate(backend, request.headers.get("authorization", ""))
            require(actor, operation)
            _require_known(request, parameters)
            if request.method != "GET":
                await _require_media_type(request, takes)
            key = key_of(request)
            own = await own_key(key, request) if key is not None else None
            request.state.call = Call(backend, actor, own)
            if key is not None:
                return await once(backend, actor, key, request, lambda: _answered(request, handle))
            return await handle(request)

        return guarded

    def openapi_extra_media_type(self) -> tuple[str, ...]:
        """The media types of the body; JSON unless the route says otherwise."""
        content = (self.openapi_extra or {}).get("requestBody", {}).get("content", {})
        return tuple(content) or ("application/json",)


def _answering(read: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Response]]:
    """The same read with its answer as JSON.

    FastAPI would check the rows against the model that it documents, and they come from there.
    """

    @wraps(read)
    async def answer(*arguments: Any, **named: Any) -> Response:
        found = await read(*arguments, **named)
        if isinstance(found, Response):
            return found
        return Response(written(found), media_type="application/json")

    return answer


_BEARER = re.compile(r"bearer +([!-~]{8,200})", re.IGNORECASE)


async def authenticate(backend: Backend, authorization: str) -> Actor:
    """The holder of the token in an ``Authorization`` header. Raises ``unauthenticated``.

    The lookup is by the token's hash, so its time tells nothing about other tokens.
    """
    given = _BEARER.fullmatch(authorization.strip())
    if given is None:
        raise Problem("unauthenticated")
    async with backend.database.reading() as session:
        holder = await holder_of(session, sha256(given[1].encode("ascii")).hexdigest())
    if holder is None or holder.role not in ROLES:
        raise Problem("unauthenticated")
    return Actor(holder.holder_id, holder.role, holder.name, holder.member_id)


def _require_known(request: Request, parameters: set[str]) -> None:
    # Ignoring a misspelt filter would list everything.
    unknown = sorted(set(request.query_params) - parameters)
    if unknown:
        flaws = [Flaw(pointer=f"query/{printable(one)}", **wrong_words("query")) for one in unknown]
        raise Problem("invalid", errors=flaws)


async def _require_media_type(request: Request, takes: tuple[str, ...]) -> None:
    if not await request.body():
        return
    given = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if given not in takes:
        raise Problem("unsupported-media-type", expected=" or ".join(takes))


async def _answered(
    request: Request, handle: Callable[[Request], Coroutine[Any, Any, Response]]
) -> Response:
    """The answer, or a problem as an answer, so that it can be stored."""
    try:
        return await handle(request)
    except FORESEEN as error:
        return answer_to(error, request)


# FastAPI would run a dependency that is no coroutine in a thread.
async def _read(
    request: Request,
    if_none_match: Annotated[
        str | None,
        Header(description="The `ETag` of your copy. An unchanged answer is 304 without a body."),
    ] = None,
) -> Call:
    del if_none_match  # described here, honoured by api.middleware
    call: Call = request.state.call
    return call


async def _commanded(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(
            description=(
                "Any string of your own, such as a UUID. For seven days, a request with the same "
                "key and body is carried out once and gets the same answer."
            ),
            json_schema_extra={"pattern": "^[!-~]{1,128}$"},
        ),
    ] = None,
) -> Call:
    del idempotency_key  # described here, honoured by GuardedRoute
    call: Call = request.state.call
    return call


async def _edited(request: Request) -> Call:
    call: Call = request.state.call
    return call


Read = Annotated[Call, Depends(_read)]
"""The caller of a GET."""

Commanded = Annotated[Call, Depends(_commanded)]
"""The caller of a POST."""

Edited = Annotated[Call, Depends(_edited)]
"""The caller of a PATCH, PUT or DELETE, which can be repeated without a key."""


def guarded_router(tag: str) -> APIRouter:
    """A router whose every route is guarded and says so in OpenAPI."""
    return APIRouter(
        route_class=GuardedRoute,
        tags=[tag],
        dependencies=[Security(bearer)],
        responses=documented(401, 403, 422, 503),
    )


_KEY_HEADER = "Idempotency-Key"
_REPLAYED = "Idempotency-Replayed"

_KEY = re.compile(r"[\x21-\x7e]{1,128}")

_KEPT_HEADERS = ("content-type", "location")

_FINAL = frozenset({200, 201, 409})
"""Answers that are stored. Any other answer may change at the next attempt, so its key becomes
free again. Ids derived from the key make the next attempt find what the first one left."""


def key_of(request: Request) -> str | None:
    """The key of a POST, if any. Raises the problem ``invalid`` for a malformed key."""
    key = request.headers.get(_KEY_HEADER)
    if key is None or request.method != "POST":
        return None
    if not _KEY.fullmatch(key):
        raise wrong_value("idempotency_key", f"header/{_KEY_HEADER}")
    return key


async def own_key(key: str, request: Request) -> str:
    """The key combined with the request. Ids derived from it belong to this request alone.

    A key may become free, or expire. Another request under it must not find what the first left.
    """
    return sha256(f"{key}\0{await _asked(request)}".encode()).hexdigest()


async def once(
    backend: Backend,
    actor: Actor,
    key: str,
    request: Request,
    answer: Callable[[], Awaitable[Response]],
) -> Response:
    """The answer that this key got before, or the one that ``answer`` gives now."""
    known = await _claim(backend, actor, key, await _asked(request))
    if known is not None:
        return _replay(known)
    try:
        response = await answer()
    except BaseException:
        async with backend.database.transaction() as session:
            await forget(session, actor.holder_id, key)
        raise
    async with backend.database.transaction() as session:
        if response.status_code in _FINAL:
            await finish(session, actor.holder_id, key, response.status_code, _kept(response))
        else:
            await forget(session, actor.holder_id, key)
    return response


async def _claim(backend: Backend, actor: Actor, key: str, asked: str) -> Known | None:
    try:
        async with backend.database.transaction() as session:
            return await begin(session, actor.holder_id, key, asked, backend.now())
    except KeyReused as error:
        raise Problem("key-reused") from error
    except StillRunning as error:
        raise Problem("under-way", retry_after=1) from error


async def _asked(request: Request) -> str:
    return fingerprint(request.method, request.url.path, await request.body())


def fingerprint(method: str, path: str, body: bytes) -> str:
    """The hash by which two requests are the same."""
    return sha256(b"\0".join([method.encode(), path.encode(), body])).hexdigest()


def _kept(response: Response) -> str:
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    return json.dumps({"headers": headers, "body": bytes(response.body).decode("utf-8")})


def _replay(known: Known) -> Response:
    kept = json.loads(known.body)
    return Response(
        kept["body"], status_code=known.status, headers={**kept["headers"], _REPLAYED: "true"}
    )
