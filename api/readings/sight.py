"""How far a caller sees, as the database's condition."""

from api.permissions import Actor
from api.problems import Problem
from storage.queries.visibility import ALL, Visibility


def sight(actor: Actor) -> Visibility:
    """A member's contact sees its own member alone; everybody else sees all."""
    if actor.role != "member":
        return ALL
    if actor.member_id is None:
        # A contact without a member sees nothing rather than everything.
        raise Problem("forbidden")
    return Visibility(actor.member_id)
