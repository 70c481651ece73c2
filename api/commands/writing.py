"""A transaction on master data whose refusals are the API's problems."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from api.desk import Desk
from api.problems import Flaw, Problem
from storage.master import Missing, Rejected

_PROBLEMS = {
    **dict.fromkeys(("member_taken", "email_taken", "version_taken"), "exists"),
    "engagement_closed": "closed",
}
"""Flaws that are about what is there already: 409 rather than 422."""


@asynccontextmanager
async def writing(desk: Desk) -> AsyncIterator[AsyncSession]:
    """A transaction whose refusals are problems."""
    try:
        async with desk.database.transaction() as session:
            yield session
    except Missing as error:
        raise Problem("not-found") from error
    except Rejected as error:
        stands = (_PROBLEMS[flaw.name] for flaw in error.flaws if flaw.name in _PROBLEMS)
        raise Problem(
            next(stands, "invalid"),
            errors=[
                Flaw(pointer=f"#/{flaw.field}", what=flaw.what, mend=flaw.mend)
                for flaw in error.flaws
            ],
        ) from error
    except IntegrityError as error:
        # Somebody else stored the same name or address at the same moment.
        raise Problem("exists") from error
