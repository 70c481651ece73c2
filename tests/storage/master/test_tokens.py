"""A token is shown once, stored as a hash, and revoked for good."""

import pytest
from sqlalchemy import select

from storage.database import Database
from storage.master import Missing, Rejected, create_token, hash_of, revoke_token
from storage.queries.access import holder_of
from storage.sql import tokens
from tests.storage.master.ledger import audit
from tests.storage.office import NOW


@pytest.mark.parametrize(
    ("holder", "role", "member"),
    [("per_manager", "manager", None), ("con_second", "member", "mem_1")],
)
async def test_a_token_speaks_for_its_holder_until_it_is_revoked(
    stocked: Database, holder: str, role: str, member: str | None
) -> None:
    async with stocked.transaction() as session:
        made = await create_token(session, "per_manager", NOW, holder_id=holder, label="laptop")
    assert made.secret.startswith("mp_")
    assert made.secret not in repr(made)
    async with stocked.reading() as session:
        row = (await session.execute(select(tokens))).one()
        assert made.secret not in repr(row)
        found = await holder_of(session, hash_of(made.secret))
    assert found is not None
    assert (found.holder_id, found.role, found.member_id) == (holder, role, member)
    async with stocked.transaction() as session:
        assert await revoke_token(session, "per_manager", NOW, made.id) is True
        assert await revoke_token(session, "per_manager", NOW, made.id) is False
        assert await holder_of(session, hash_of(made.secret)) is None
    assert [kind for _, kind, _ in await audit(stocked, made.id)] == [
        "token.created",
        "token.revoked",
    ]


async def test_a_token_needs_an_active_holder_with_that_role(
    stocked: Database,
) -> None:
    async with stocked.transaction() as session:
        for holder in ("per_gone", "con_gone", "per_x"):
            with pytest.raises(Rejected, match="no active"):
                await create_token(session, "per_manager", NOW, holder_id=holder)
        with pytest.raises(Rejected, match="whose role is adviser"):
            await create_token(session, "per_manager", NOW, holder_id="per_adviser", role="manager")
        with pytest.raises(Missing):
            await revoke_token(session, "per_manager", NOW, "tok_x")
