"""From a bearer token to the one it speaks for."""

import re
from hashlib import sha256

from services.backend import Backend
from services.permissions import ROLES, Actor
from services.problems import Problem
from storage.queries.access import holder_of

_BEARER = re.compile(r"bearer +([!-~]{8,200})", re.IGNORECASE)

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="milepost"'}


async def authenticate(backend: Backend, authorization: str) -> Actor:
    """The holder of the token in an ``Authorization`` header. Raises ``unauthenticated``.

    The token is looked up by its hash: how long that takes says nothing about other tokens.
    """
    given = _BEARER.fullmatch(authorization.strip())
    if given is None:
        raise Problem("unauthenticated", headers=CHALLENGE)
    async with backend.database.reading() as session:
        holder = await holder_of(session, sha256(given[1].encode("ascii")).hexdigest())
    if holder is None or holder.role not in ROLES:
        raise Problem("unauthenticated", headers=CHALLENGE)
    return Actor(holder.holder_id, holder.role, holder.name, holder.member_id)
