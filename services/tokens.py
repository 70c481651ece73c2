"""Commands on the bearer tokens of the API. Only the operator issues and revokes them."""

from services.backend import Backend, writing
from services.permissions import Actor, require_operator
from storage import master
from storage.master import NewToken as NewToken
from storage.queries.access import list_tokens


async def make_token(backend: Backend, actor: Actor, holder_id: str, label: str = "") -> NewToken:
    """Make a token for a person or contact. Raises ``invalid`` unless that one is active."""
    require_operator(actor)
    async with writing(backend) as session:
        return await master.create_token(
            session, actor.holder_id, backend.now(), holder_id=holder_id, label=label
        )


async def revoke_token(backend: Backend, actor: Actor, token_id: str) -> bool:
    """Revoke a token. Returns whether it was valid. Raises ``not-found``."""
    require_operator(actor)
    async with writing(backend) as session:
        return await master.revoke_token(session, actor.holder_id, backend.now(), token_id)


async def revoke_labelled(backend: Backend, actor: Actor, label: str) -> int:
    """Revoke every valid token with that label. Returns how many there were."""
    require_operator(actor)
    async with writing(backend) as session:
        valid = [
            one
            for one in await list_tokens(session)
            if one.label == label and one.revoked_at is None
        ]
        for one in valid:
            await master.revoke_token(session, actor.holder_id, backend.now(), one.id)
        return len(valid)
