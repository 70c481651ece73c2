"""Members, contacts and people, by name."""

from storage.database import Database
from storage.queries.access import Visibility
from storage.queries.members import (
    list_members,
    list_people,
    show_member,
    show_members,
    show_person,
)
from tests.databases import count_statements
from tests.storage.queries.pages import every_row


async def test_members_and_people_come_by_name(stocked: Database) -> None:
    async with stocked.reading() as session:
        found = await every_row(lambda c: list_members(session, cursor=c, limit=1))
        assert [one.name for one in found] == ["Aberdeen", "Cardiff"]
        assert [one.name for one in (await list_members(session, text="ARD")).rows] == ["Cardiff"]
        member = await show_member(session, "mem_1")
        assert member is not None
        assert [(one.name, one.lead, one.active) for one in member.contacts] == [
            ("Lead", True, True),
            ("Second", False, True),
            ("Gone", False, False),
        ]
        everyone = await every_row(lambda c: list_people(session, cursor=c, limit=2))
        assert [one.name for one in everyone] == sorted(one.name for one in everyone)
        assert len(everyone) == 5
        assert [one.id for one in (await list_people(session, role="viewer")).rows] == [
            "per_funder"
        ]
        manager = await show_person(session, "per_manager")
        assert manager is not None
        assert manager.role == "manager"
        assert await show_person(session, "per_x") is None


async def test_several_members_are_read_in_two_statements(stocked: Database) -> None:
    async with stocked.reading() as session:
        both = [await show_member(session, "mem_other"), await show_member(session, "mem_1")]
        with count_statements(stocked) as seen:
            found = await show_members(session, ["mem_1", "mem_other", "mem_none"])
        assert list(found) == both
        assert [len(one.contacts) for one in found] == [0, 3]
        assert len(seen) == 2
        own = await show_members(session, ["mem_1", "mem_other"], visible_to=Visibility("mem_1"))
        assert [one.member.name for one in own] == ["Cardiff"]
        assert await show_members(session, []) == ()
