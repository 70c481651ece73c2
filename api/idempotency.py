"""The ``Idempotency-Key`` of a POST: the same key and body get the same answer."""

import json
import re
from collections.abc import Awaitable, Callable
from hashlib import sha256

from fastapi import Request
from fastapi.responses import Response

from services.backend import Backend
from services.permissions import Actor
from services.problems import Problem, wrong_value
from storage.idempotency import KeyReused, Known, StillRunning, begin, finish, forget

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"

_KEY = re.compile(r"[\x21-\x7e]{1,128}")

_KEPT_HEADERS = ("content-type", "location")

_FINAL = frozenset({200, 201, 409})
"""Answers that are stored. Any other answer may change at the next attempt, so its key becomes
free again. Ids derived from the key make the next attempt find what the first one left."""


def key_of(request: Request) -> str | None:
    """The key of a POST, if any. Raises the problem ``invalid`` for a malformed key."""
    key = request.headers.get(HEADER)
    if key is None or request.method != "POST":
        return None
    if not _KEY.fullmatch(key):
        raise wrong_value("idempotency_key", f"header/{HEADER}")
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
        kept["body"], status_code=known.status, headers={**kept["headers"], REPLAYED: "true"}
    )
