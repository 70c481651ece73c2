"""Emails that a person has to look at: derived when they are read, so nothing polls for them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from storage.queries.notifications import NotificationRow
from storage.queries.paging import LIMIT, Page, by_instant, clamp, instant_cursor, page_of
from storage.queries.rows import (
    AnyRow,
    MemberRow,
    Moment,
    Named,
    filled,
    member_columns,
    member_row,
    named,
    owner_contacts,
    owner_people,
)
from storage.queries.waiting import A_WHILE, current_reason, first_refused_at, kept_waiting
from storage.sql import (
    contacts,
    engagements,
    items,
    members,
    notifications,
    people,
    suppressions,
)
from storage.tables.fields import Instant

AT_ONCE = ("failed", "bounced", "dropped", "complained")
"""The states that are trouble as soon as they are known."""

IN_TIME = "unknown"
"""The state that is trouble once nothing was heard for a while."""

UNHEARD = ("no_recipient", "suppressed")
"""The reasons for withholding an email that should have reached a recipient."""

NEVER_LEFT = "never_left"
"""The reason shown for an email that should have left and has not."""

NEVER_LEFT_AFTER = timedelta(days=2)
"""How long after its time an email that has not left becomes trouble. Couriers try every few
minutes and note what waits for its recipient, so by then no courier is working on it."""


@dataclass(frozen=True)
class TroubleRow:
    """A notification that a person has to look at, with its member and programme."""

    id: str
    engagement_id: str | None
    """``None`` for a summary, which is about a whole programme."""
    member: MemberRow | None
    programme_id: str
    programme_version: int | None
    """``None`` for a summary, which uses the newest version."""
    item_id: str
    item_kind: str
    item_key: str
    kind: str
    task: str
    recipient: Named
    state: str
    reason: str
    since: datetime


@dataclass(frozen=True)
class Limits:
    """Since when an email must have been in its state to be trouble."""

    unknown: Moment
    never_left: Moment
    waiting: Moment


def limits(now: datetime, unknown_after: timedelta) -> Limits:
    """The limits at ``now``."""
    return Limits(now - unknown_after, now - NEVER_LEFT_AFTER, now - A_WHILE)


def in_trouble(since: Limits, *, waiting: bool = True) -> ColumnElement[bool]:
    """The condition on ``notifications``. With ``waiting`` it includes emails that the sender keeps
    waiting: the cause is often the office's own settings, and no other list shows it."""
    c = notifications.c
    # SQLAlchemy writes a plain list into the statement anew at each execution.
    at_once = [literal(state) for state in AT_ONCE]
    return and_(
        c.resolved_at.is_(None),
        or_(
            c.state.in_(at_once),
            and_(c.state == IN_TIME, c.changed_at <= since.unknown),
            never_left(since.never_left),
            *([kept_waiting(since.waiting)] if waiting else []),
            and_(c.state == "withheld", c.reason == "no_recipient"),
            and_(c.state == "withheld", c.reason == "suppressed", _takes_nothing(), _last_one()),
        ),
    )


def never_left(since: Moment) -> ColumnElement[bool]:
    """Whether it has waited or been under way without a courier since then: its workflow was ended
    by hand."""
    c = notifications.c
    return and_(
        or_(c.state == "reserved", c.state == "claimed"),
        c.changed_at <= since,
        or_(c.not_before.is_(None), c.not_before <= since),
        or_(c.waits_until.is_(None), c.waits_until <= since),
    )


def reason_of(row: NotificationRow, now: datetime) -> str:
    """The reason for its state, or ``NEVER_LEFT``."""
    moments = (row.changed_at, row.not_before, row.waits_until)
    ready_at = max(moment for moment in moments if moment is not None)
    if row.state in ("reserved", "claimed") and ready_at <= now - NEVER_LEFT_AFTER:
        return NEVER_LEFT
    return row.reason


def _takes_nothing() -> ColumnElement[bool]:
    """Whether the recipient's present address is still suppressed."""
    recipient, taken = notifications.c.recipient_id, suppressions.c
    return or_(
        *(
            exists()
            .where(
                holders.c.id == recipient,
                taken.address == holders.c.email,
                taken.lifted_at.is_(None),
            )
            .correlate(notifications)
            for holders in (contacts, people)
        )
    )


def _last_one() -> ColumnElement[bool]:
    """The last email withheld for one address in an engagement: it stands for the others, because
    one address to correct is one thing to do."""
    c, later = notifications.c, notifications.alias("later")
    return ~exists().where(
        later.c.recipient_id == c.recipient_id,
        later.c.state == "withheld",
        later.c.reason == "suppressed",
        func.coalesce(later.c.engagement_id, "") == func.coalesce(c.engagement_id, ""),
        or_(
            later.c.changed_at > c.changed_at,
            and_(later.c.changed_at == c.changed_at, later.c.id > c.id),
        ),
    )


async def list_troubles(
    session: AsyncSession,
    now: datetime,
    unknown_after: timedelta,
    *,
    manager_id: str | None = None,
    programme_id: str | None = None,
    waiting: bool = True,
    cursor: str | None = None,
    limit: int = LIMIT,
) -> Page[TroubleRow]:
    """One page of troubles, the oldest first.

    ``manager_id`` narrows it to that person's engagements and to those without a manager;
    ``programme_id`` to one programme. Without ``waiting``, emails that the sender keeps waiting are
    left out. Raises ``BadCursor``. One statement.
    """
    limit, c, since = clamp(limit), notifications.c, _since()
    bounds = limits(now, unknown_after)
    source = (
        notifications.outerjoin(engagements, engagements.c.id == c.engagement_id)
        .outerjoin(items, items.c.id == c.item_id)
        .outerjoin(owner_contacts, owner_contacts.c.id == c.recipient_id)
        .outerjoin(owner_people, owner_people.c.id == c.recipient_id)
        .outerjoin(
            members,
            members.c.id == func.coalesce(engagements.c.member_id, owner_contacts.c.member_id),
        )
    )
    statement = (
        select(
            *(c.id, c.engagement_id, c.item_id, c.kind, c.task, c.recipient_id, c.state),
            case((never_left(bounds.never_left), NEVER_LEFT), else_=current_reason()).label(
                "reason"
            ),
            since.label("since"),
            func.coalesce(owner_contacts.c.name, owner_people.c.name, "").label("recipient_name"),
            func.coalesce(items.c.kind, "").label("item_kind"),
            func.coalesce(items.c.key, "").label("item_key"),
            *(engagements.c.programme_id, engagements.c.programme_version),
            *member_columns(),
        )
        .select_from(source)
        .where(in_trouble(bounds, waiting=waiting))
    )
    if manager_id is not None:
        statement = statement.where(_theirs(manager_id))
    if programme_id is not None:
        statement = statement.where(_of_programme(programme_id))
    found = await session.execute(by_instant(statement, since, c.id, cursor, limit))
    rows = [_row(row) for row in found]
    return page_of(rows, limit, lambda last: instant_cursor(last.since, last.id))


def _since() -> ColumnElement[datetime]:
    """Since when it waits: for the sender, since the first attempt, as each attempt changes it."""
    c = notifications.c
    return case(
        (c.state == "claimed", func.coalesce(first_refused_at(), c.changed_at)), else_=c.changed_at
    )


async def count_troubles(
    session: AsyncSession, now: datetime, unknown_after: timedelta
) -> Mapping[str | None, int]:
    """How many emails of each engagement a person has to look at; those of no engagement, such as
    summaries, are under ``None``. Engagements without trouble are left out. One statement."""
    values = vars(limits(now, unknown_after))
    return {row[0]: row[1] for row in await session.execute(_counting(), values)}


@cache
def _counting() -> Select[Any]:
    bound = Limits(*(bindparam(each.name, type_=Instant()) for each in fields(Limits)))
    c = notifications.c
    return select(c.engagement_id, func.count()).where(in_trouble(bound)).group_by(c.engagement_id)


def _theirs(manager_id: str) -> ColumnElement[bool]:
    at_work = select(people.c.id).where(people.c.active)
    manager = engagements.c.manager_id
    return or_(
        and_(
            notifications.c.engagement_id.is_not(None),
            or_(manager == manager_id, manager.is_(None), manager.not_in(at_work)),
        ),
        # Every manager sees a summary to a colleague; one to a contact is its own manager's.
        and_(
            notifications.c.engagement_id.is_(None),
            or_(
                owner_contacts.c.id.is_(None),
                owner_contacts.c.member_id.in_(looked_after(manager_id)),
            ),
        ),
    )


def _of_programme(programme_id: str) -> ColumnElement[bool]:
    c = notifications.c
    return or_(
        engagements.c.programme_id == programme_id,
        # A summary is about a whole programme, so it has both names.
        and_(c.engagement_id.is_(None), c.item_id == literal(f"{programme_id}.") + c.kind),
    )


def looked_after(manager_id: str) -> Select[tuple[str]]:
    """Ids of the members with this manager, and of members without a manager."""
    at_work = select(people.c.id).where(people.c.active)
    theirs = engagements.alias("theirs")
    others = engagements.alias("others")
    someone = select(others.c.member_id).where(others.c.manager_id.in_(at_work))
    return select(members.c.id).where(
        or_(
            members.c.id.in_(select(theirs.c.member_id).where(theirs.c.manager_id == manager_id)),
            members.c.id.not_in(someone),
        )
    )


def _row(row: AnyRow) -> TroubleRow:
    return filled(
        TroubleRow,
        row,
        member=member_row(row) if row.member_id else None,
        programme_id=row.programme_id or row.item_id.removesuffix(f".{row.kind}"),
        recipient=named(row.recipient_id, row.recipient_name) or Named("", ""),
    )
