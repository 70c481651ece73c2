"""Somebody else looks after an engagement, or advises it."""

from api.commands.reaching import engagement_in_reach
from api.commands.releasing import release_unheard
from api.commands.taking_over import reserved, tell
from api.commands.writing import writing
from api.desk import Desk
from api.permissions import Actor
from storage import master


async def assign_team(
    desk: Desk,
    actor: Actor,
    engagement_id: str,
    *,
    manager: str | None = None,
    adviser: str | None = None,
) -> None:
    """Somebody else looks after an engagement, or advises it: what is open is theirs, and they hear
    of it, and of what nobody could be told before. Where they have it already nothing happens.

    Raises ``not-found``, ``invalid`` with a sentence for each person who cannot, and ``closed``.
    """
    await engagement_in_reach(desk, actor, "assign_engagement", engagement_id)
    async with writing(desk) as session:
        taken = await master.assign_team(
            session,
            actor.holder_id,
            desk.now(),
            engagement_id,
            manager_id=manager,
            adviser_id=adviser,
        )
        told = await reserved(desk, session, (taken,) if taken else ())
    await tell(desk, told)
    await release_unheard(desk, actor)
