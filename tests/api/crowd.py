"""Many members more in the office."""

from typing import Any

from sqlalchemy import Table, insert

from storage.database import Database
from storage.sql import contacts, engagements, items, members, tasks
from tests.api.office import CALENDAR, PROGRAMME
from tests.storage.office import NOW, days


async def many(database: Database, count: int, first: int = 0) -> None:
    """So many members more, each with an engagement and a task; the first so many are there."""
    ids = [f"n{n:05}" for n in range(first, count)]
    common = {
        "programme_id": PROGRAMME,
        "programme_version": 1,
        "manager_id": "per_manager",
        "adviser_id": None,
        "calendar": CALENDAR,
        "stage": "onboarding",
        "started_on": NOW.date(),
        "opened_at": NOW,
        "moved": {},
        "cycles": [],
        "sequence": 1,
        "state_sequence": 1,
        "next_number": 1,
        "soon_at": days(2),
        "due_at": days(5),
        "stuck_at": days(9),
    }
    rows: dict[Table, list[dict[str, Any]]] = {
        members: [
            {"id": f"mem_{n}", "name": f"Council {n}", "nation": "ENG", "sample": True}
            | {"blackouts": [], "created_at": NOW}
            for n in ids
        ],
        contacts: [
            {"id": f"con_{n}", "member_id": f"mem_{n}", "name": n, "email": f"{n}@example.org"}
            | {"lead": True, "active": True, "created_at": NOW}
            for n in ids
        ],
        engagements: [{"id": f"eng_{n}", "member_id": f"mem_{n}", **common} for n in ids],
        items: [
            {
                "id": f"itm_{n}",
                "engagement_id": f"eng_{n}",
                "kind": "onboarding",
                "key": "onboarding",
            }
            | {"stage": "steps", "opened_at": NOW, "outcome": "", "data": {}, "sequence": 1}
            | {"state_sequence": 1}
            for n in ids
        ],
        tasks: [
            {"item_id": f"itm_{n}", "key": "step:agreement", "engagement_id": f"eng_{n}"}
            | {"family": "onboarding", "owner_role": "lead", "owner_id": f"con_{n}"}
            | {"due_at": days(5), "soon_at": days(2), "stuck_at": days(9), "opened_at": NOW}
            | {"revision": 1}
            for n in ids
        ],
    }
    async with database.transaction() as session:
        for table, values in rows.items():
            await session.execute(insert(table), values)
