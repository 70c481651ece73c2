"""A small office in the database, with the rows that master data commands would write."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Table, insert
from sqlalchemy.ext.asyncio import AsyncSession

from programmes.facts import Fact, ItemState, Record, TaskState
from programmes.rules import ItemKind
from storage.sql import (
    contacts,
    engagements,
    members,
    people,
    programme_funders,
    programmes,
    texts,
)

NOW = datetime(2027, 1, 11, 9, 0, tzinfo=UTC)
"""A Monday morning."""


def days(count: float) -> datetime:
    """So many days from now."""
    return NOW + timedelta(days=count)


@dataclass
class Rows:
    """Rows by table, so that many go in with one statement a table."""

    by_table: dict[Table, list[dict[str, Any]]] = field(default_factory=dict)
    since: datetime = NOW
    """When each row was made."""

    def add(self, table: Table, **values: Any) -> str:
        """Note a row; returns its id."""
        self.by_table.setdefault(table, []).append(values)
        return str(values.get("id", ""))

    def person(
        self, id: str, role: str, *, active: bool = True, name: str = "", email: str = ""
    ) -> str:
        return self.add(
            people,
            id=id,
            name=name or id.removeprefix("per_").title(),
            email=email or f"{id}@example.org",
            role=role,
            active=active,
            created_at=self.since,
        )

    def member(self, id: str, *, name: str = "", nation: str = "ENG") -> str:
        return self.add(
            members,
            id=id,
            name=name or id.removeprefix("mem_").title(),
            nation=nation,
            sample=True,
            blackouts=[],
            created_at=self.since,
        )

    def contact(
        self,
        id: str,
        member: str,
        *,
        lead: bool = False,
        active: bool = True,
        name: str = "",
        email: str = "",
    ) -> str:
        return self.add(
            contacts,
            id=id,
            member_id=member,
            name=name or id.removeprefix("con_").title(),
            email=email or f"{id}@example.org",
            lead=lead,
            active=active,
            created_at=self.since,
        )

    def programme(
        self, id: str = "ign", version: int = 1, *, title: str = "", source: str = ""
    ) -> str:
        return self.add(
            programmes,
            id=id,
            version=version,
            sha256=f"{id}{version}",
            title=title or id.upper(),
            source=source or f"id: {id}\n",
            created_at=self.since,
        )

    def funder(self, person: str, programme: str = "ign") -> None:
        self.add(programme_funders, programme_id=programme, person_id=person)

    def text(self, id: str, body: str, author: str = "con_lead") -> str:
        return self.add(
            texts,
            id=id,
            sha256=id,
            body=body,
            title="",
            link="",
            author_id=author,
            created_at=self.since,
        )

    def engagement(self, id: str, member: str, **values: Any) -> str:
        given: Mapping[str, Any] = {
            "programme_id": "ign",
            "programme_version": 1,
            "manager_id": None,
            "adviser_id": None,
            "calendar": {},
            "stage": "onboarding",
            "started_on": date(2027, 1, 11),
            "opened_at": NOW,
            "onboarded_at": None,
            "closed_at": None,
            "reason": None,
            "moved": {},
            "cycles": [],
            "sequence": 0,
            "state_sequence": 0,
            "next_number": 1,
            "soon_at": None,
            "due_at": None,
            "stuck_at": None,
        }
        return self.add(engagements, id=id, member_id=member, **{**given, **values})

    async def write(self, session: AsyncSession) -> None:
        for table, rows in self.by_table.items():
            await session.execute(insert(table), rows)
        self.by_table = {}


def office() -> Rows:
    """One member with two contacts, a team of three, a funder, and an engagement ``eng_1``."""
    rows = Rows()
    rows.programme()
    rows.person("per_manager", "manager")
    rows.person("per_adviser", "adviser")
    rows.person("per_researcher", "researcher")
    rows.person("per_funder", "viewer")
    rows.funder("per_funder")
    rows.person("per_gone", "researcher", active=False)
    rows.member("mem_1", name="Cardiff", nation="WLS")
    rows.contact("con_lead", "mem_1", lead=True)
    rows.contact("con_second", "mem_1")
    rows.contact("con_gone", "mem_1", active=False)
    rows.engagement("eng_1", "mem_1", manager_id="per_manager", adviser_id="per_adviser")
    rows.text("txt_reason", "We have merged with our neighbours.")
    return rows


def task(key: str, owner: str = "manager", *, due: float = 5, **values: Any) -> TaskState:
    """An open task, due so many days from now, due soon three days before, stuck ten after."""
    given: Mapping[str, Any] = {
        "family": "research",
        "due_at": days(due),
        "revision": 1,
        "soon_at": days(due - 3),
        "stuck_at": days(due + 10),
        "opened_at": NOW,
    }
    return TaskState(key=key, owner=owner, **{**given, **values})


def item_record(
    sequence: int,
    stage: str = "triage",
    *tasks: TaskState,
    item: str = "itm_1",
    engagement: str = "eng_1",
    kind: ItemKind = "research",
    key: str = "1",
    facts: int = 1,
    **values: Any,
) -> Record:
    """A record of an item with its state, its tasks and some facts."""
    return Record(
        engagement_id=engagement,
        item_id=item,
        sequence=sequence,
        facts=tuple(
            Fact(f"{kind}.fact", days(sequence / 24), "per_manager", {"n": str(n)})
            for n in range(facts)
        ),
        item=ItemState(kind=kind, key=key, stage=stage, opened_at=NOW, **values),
        tasks=tasks,
    )
