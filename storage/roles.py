"""The people that a selector means today: ``lead``, ``team``, ``funder``, or one person's id."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, case, false, func, literal, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.sql import contacts, engagements, items, people, programme_funders, tasks
from storage.tables import Engagement, Item

LEAD = "lead"
MEMBER = "member"
REQUESTER = "requester"
"""The contact who asked for an item, if still active."""
MANAGER = "manager"
ADVISER = "adviser"
RESEARCHER = "researcher"
TEAM = "team"
FUNDER = "funder"
ROLES = (LEAD, MEMBER, REQUESTER, MANAGER, ADVISER, RESEARCHER, TEAM, FUNDER)

MAY_WORK_AS: Mapping[str, frozenset[str]] = {
    MANAGER: frozenset({MANAGER}),
    ADVISER: frozenset({ADVISER, MANAGER}),
    RESEARCHER: frozenset({RESEARCHER, MANAGER}),
}
"""The roles that a person may have to be given each kind of work."""

CONTACT_PREFIX = "con_"
PERSON_PREFIX = "per_"


@dataclass(frozen=True)
class Team:
    """The ids that an engagement and one of its items name; any of them may have left since."""

    member_id: str
    manager_id: str | None = None
    adviser_id: str | None = None
    assignee_id: str | None = None
    requester_id: str | None = None
    programme_id: str = ""


@dataclass(frozen=True)
class Roster:
    """All active people that the selectors may mean; reads nothing more once it is built."""

    team: Team
    leads: tuple[str, ...]
    contacts: tuple[str, ...]
    people: frozenset[str]
    funders: tuple[str, ...]
    """The people who read for the programme's funder."""
    others: frozenset[str]
    """Contacts of other members that a selector names by id."""

    def holders(self, selector: str) -> list[str]:
        """The ids that the selector means, each once; empty if none is active."""
        team = self.team
        match selector:
            case "lead":
                return list(self.leads)
            case "member":
                return list(self.contacts)
            case "requester":
                return [one for one in self.contacts if one == team.requester_id]
            case "manager":
                return self._first(team.manager_id)
            case "adviser":
                return self._first(team.adviser_id, team.manager_id)
            case "researcher":
                return self._first(team.assignee_id, team.manager_id)
            case "team":
                named = (team.manager_id, team.adviser_id, team.assignee_id)
                return list(dict.fromkeys(id for id in named if id in self.people))
            case "funder":
                return list(self.funders)
        known = selector in self.people or selector in self.contacts or selector in self.others
        return [selector] if known else []

    def _first(self, *ids: str | None) -> list[str]:
        return next(([id] for id in ids if id in self.people), [])


async def roster(session: AsyncSession, team: Team, selectors: Iterable[str]) -> Roster:
    """Read the people that these selectors may mean, in one statement."""
    direct = {s for s in selectors if s not in ROLES}
    named = direct | {id for id in (team.manager_id, team.adviser_id, team.assignee_id) if id}
    reads = select(programme_funders.c.person_id).where(
        programme_funders.c.programme_id == team.programme_id
    )
    funds = people.c.id.in_(reads)
    statement = union_all(
        select(
            contacts.c.id,
            contacts.c.lead,
            literal("").label("role"),
            (contacts.c.member_id == team.member_id).label("own"),
        ).where(
            contacts.c.active,
            (contacts.c.member_id == team.member_id) | contacts.c.id.in_(direct),
        ),
        select(people.c.id, false(), people.c.role, funds).where(
            people.c.active, people.c.id.in_(named) | funds
        ),
    )
    rows = sorted((await session.execute(statement)).all())
    own = [r for r in rows if not r.role and r.own]
    return Roster(
        team=team,
        leads=tuple(r.id for r in own if r.lead),
        contacts=tuple(r.id for r in own),
        people=frozenset(r.id for r in rows if r.role),
        funders=tuple(r.id for r in rows if r.role and r.own),
        others=frozenset(r.id for r in rows if not r.role and not r.own),
    )


def team_of(engagement: Engagement, item: Item | None) -> Team:
    """The people that these rows name."""
    return Team(
        member_id=engagement.member_id,
        manager_id=engagement.manager_id,
        adviser_id=engagement.adviser_id,
        assignee_id=item.assignee_id if item else None,
        requester_id=item.data.get("requester") if item else None,
        programme_id=engagement.programme_id,
    )


async def all_holders(
    session: AsyncSession, engagement: Engagement, item: Item | None, selectors: Iterable[str]
) -> Mapping[str, list[str]]:
    """The ids of active contacts or people for each selector, in one statement."""
    wanted = set(selectors)
    known = await roster(session, team_of(engagement, item), wanted)
    return {selector: known.holders(selector) for selector in wanted}


async def resolve_owners(session: AsyncSession, where: ColumnElement[bool]) -> None:
    """Set ``owner_id`` of the open tasks that meet the condition. One statement."""
    await session.execute(update(tasks).where(where).values(owner_id=_owner()))


def of_member(member_id: str) -> ColumnElement[bool]:
    """The tasks of a member's engagements."""
    theirs = select(engagements.c.id).where(engagements.c.member_id == member_id)
    return tasks.c.engagement_id.in_(theirs)


def of_person(person_id: str) -> ColumnElement[bool]:
    """The tasks that a person of the office may own, by id or by role."""
    c = engagements.c
    theirs = select(c.id).where((c.manager_id == person_id) | (c.adviser_id == person_id))
    drafts = select(items.c.id).where(items.c.assignee_id == person_id)
    return (
        tasks.c.engagement_id.in_(theirs)
        | tasks.c.item_id.in_(drafts)
        | (tasks.c.owner_role == person_id)
    )


def _owner() -> ColumnElement[str]:
    manager = _person(engagements.c.manager_id)
    adviser = _person(engagements.c.adviser_id)
    role = tasks.c.owner_role
    return case(
        (role.in_((LEAD, MEMBER)), _lead().scalar_subquery()),
        (role == MANAGER, manager.scalar_subquery()),
        (role == ADVISER, func.coalesce(adviser.scalar_subquery(), manager.scalar_subquery())),
        (
            role == RESEARCHER,
            func.coalesce(_assignee().scalar_subquery(), manager.scalar_subquery()),
        ),
        (
            role == TEAM,
            func.coalesce(
                manager.scalar_subquery(),
                adviser.scalar_subquery(),
                _assignee().scalar_subquery(),
            ),
        ),
        else_=func.coalesce(
            select(contacts.c.id).where(contacts.c.id == role, contacts.c.active).scalar_subquery(),
            select(people.c.id).where(people.c.id == role, people.c.active).scalar_subquery(),
        ),
    )


def _lead() -> Select[str]:
    return (
        select(contacts.c.id)
        .join(engagements, engagements.c.member_id == contacts.c.member_id)
        .where(engagements.c.id == tasks.c.engagement_id, contacts.c.lead, contacts.c.active)
    )


def _person(named_in: ColumnElement[str]) -> Select[str]:
    return (
        select(people.c.id)
        .join(engagements, named_in == people.c.id)
        .where(engagements.c.id == tasks.c.engagement_id, people.c.active)
    )


def _assignee() -> Select[str]:
    return (
        select(people.c.id)
        .join(items, items.c.assignee_id == people.c.id)
        .where(items.c.id == tasks.c.item_id, people.c.active)
    )
