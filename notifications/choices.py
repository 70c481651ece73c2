"""What recipients have chosen about their emails."""

from sqlalchemy.ext.asyncio import AsyncSession

from notifications.languages import ENGLISH, Mode


async def language_of(session: AsyncSession, holder_id: str) -> Mode:
    """The language in which a contact or a person of the office gets emails: English, unless they
    have chosen otherwise."""
    del session, holder_id
    return ENGLISH
