"""A token works for an active holder."""

from sqlalchemy import update

from storage.database import Database
from storage.queries.access import holder_of, list_tokens
from storage.sql import contacts, tokens
from tests.databases import count_statements
from tests.storage.office import days


async def test_a_token_works_while_its_holder_is_active(stocked: Database) -> None:
    async with stocked.reading() as session:
        with count_statements(stocked) as seen:
            holder = await holder_of(session, "a")
        assert len(seen) == 1
        assert holder is not None
        assert (holder.holder_id, holder.role, holder.member_id, holder.name) == (
            "con_lead",
            "member",
            "mem_1",
            "Lead",
        )
        assert await holder_of(session, "b") is None, "the holder has left"
        assert await holder_of(session, "c") is None
        assert len(await list_tokens(session)) == 2
    async with stocked.transaction() as session:
        await session.execute(update(tokens).values(revoked_at=days(-1)))
    async with stocked.reading() as session:
        assert await holder_of(session, "a") is None


async def test_the_token_of_an_inactive_contact_is_refused(stocked: Database) -> None:
    async with stocked.transaction() as session:
        await session.execute(update(contacts).values(active=False))
    async with stocked.reading() as session:
        assert await holder_of(session, "a") is None
