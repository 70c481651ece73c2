"""Open tasks, the earliest due first."""

from storage.database import Database
from storage.queries.tasks import engagement_tasks, my_tasks
from tests.storage.queries.pages import every_row


async def test_tasks_come_by_due_instant_with_their_owners(stocked: Database) -> None:
    async with stocked.reading() as session:
        rows = await every_row(lambda c: engagement_tasks(session, "eng_1", cursor=c, limit=1))
        assert [row.task.key for row in rows] == ["triage", "draft", "answer"]
        assert [row.task.owner and row.task.owner.name for row in rows] == [
            "Manager",
            "Researcher",
            "Lead",
        ]
        assert rows[0].member.name == "Cardiff"
        mine = await every_row(lambda c: my_tasks(session, "per_researcher", cursor=c))
        assert [row.task.key for row in mine] == ["draft"]
