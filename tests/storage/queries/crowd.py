"""Many engagements in every state of health, and a reader of all their pages."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert

from storage.database import Database
from storage.queries.engagements import EngagementRow, list_engagements
from storage.sql import items, tasks
from tests.storage.office import NOW, Rows, days, office


def many(count: int) -> tuple[Rows, list[dict[str, Any]], list[dict[str, Any]]]:
    """``count`` engagements in every state of health; three of four have an open task, and one of
    eight has ended."""
    rows = office()
    rows.person("per_other", "manager", name="Zoë Other")
    its_items, its_tasks = [], []
    for n in range(count):
        member = f"mem_n{n:05}"
        rows.member(member, name=f"Council {(n * 7919) % count:05}")
        rows.contact(f"con_n{n:05}", member, lead=True)
        due = days((n % 40) - 20) if n % 4 else None
        values: dict[str, Any] = {}
        if due is not None:
            values = {
                "soon_at": due - timedelta(days=3),
                "due_at": due,
                "stuck_at": due + timedelta(days=10),
            }
        rows.engagement(
            f"eng_n{n:05}",
            member,
            manager_id="per_manager" if n % 3 else "per_other",
            stage="active" if n % 2 else "onboarding" if n % 8 else "completed",
            closed_at=None if n % 8 else days(-1),
            started_on=date(2026, 1, 1) + timedelta(days=n % 300),
            opened_at=days(-(n % 300)),
            **values,
        )
        its_items.append(
            {
                "id": f"itm_n{n:05}",
                "engagement_id": f"eng_n{n:05}",
                "kind": "research",
                "key": "1",
                "stage": "triage",
                "opened_at": NOW,
                "closed_at": None,
                "outcome": "",
                "assignee_id": None,
                "due_at": None,
                "data": {},
                "sequence": 1,
                "state_sequence": 1,
                "tasks_sequence": 1,
            }
        )
        if due is not None:
            its_tasks.append(
                {
                    "item_id": f"itm_n{n:05}",
                    "key": "triage",
                    "family": "research",
                    "engagement_id": f"eng_n{n:05}",
                    "owner_role": "manager",
                    "owner_id": "per_manager",
                    "revision": 1,
                    "opened_at": NOW,
                    **values,
                }
            )
    return rows, its_items, its_tasks


async def fill(database: Database, count: int) -> None:
    rows, its_items, its_tasks = many(count)
    async with database.transaction() as session:
        await rows.write(session)
        await session.execute(insert(items), its_items)
        await session.execute(insert(tasks), its_tasks)


async def every_page(
    database: Database,
    limit: int = 7,
    *,
    now: datetime = NOW,
    a_page: timedelta = timedelta(),
    **options: Any,
) -> list[EngagementRow]:
    """All rows, page by page; ``a_page`` is how long the reader takes for each."""
    found: list[EngagementRow] = []
    cursor: str | None = None
    async with database.reading() as session:
        while True:
            page = await list_engagements(session, now, limit=limit, cursor=cursor, **options)
            found += page.rows
            cursor = page.next
            now += a_page
            if cursor is None:
                return found
