"""What was to be told to whom in an engagement, and what has become of it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.queries.paging import LIMIT, Page, beyond, clamp, decode, encode, instant, page_of
from storage.queries.rows import Named, named, owner_contacts, owner_people
from storage.queries.visibility import ALL, Visibility
from storage.sql import engagements, items, notifications


@dataclass(frozen=True)
class NotificationRow:
    """One notification of the ledger."""

    id: str
    engagement_id: str
    item_id: str
    item_kind: str
    """Empty where it concerns the engagement itself."""
    item_key: str
    kind: str
    rung: str
    task: str
    recipient: Named
    """Without a name where nobody could receive it."""
    state: str
    reason: str
    not_before: datetime | None
    reserved_at: datetime
    changed_at: datetime
    template: str
    template_trouble: str


async def engagement_notifications(
    session: AsyncSession,
    engagement_id: str,
    *,
    cursor: str | None = None,
    limit: int = LIMIT,
    visible_to: Visibility = ALL,
) -> Page[NotificationRow]:
    """The latest change first. Raises ``BadCursor``. One statement."""
    limit, c = clamp(limit), notifications.c
    name = func.coalesce(owner_contacts.c.name, owner_people.c.name, "").label("recipient_name")
    statement = (
        select(
            *(c.id, c.engagement_id, c.item_id, c.kind, c.rung, c.task, c.recipient_id, c.state),
            *(
                c.reason,
                c.not_before,
                c.reserved_at,
                c.changed_at,
                c.template,
                c.template_trouble,
                name,
            ),
            func.coalesce(items.c.kind, "").label("item_kind"),
            func.coalesce(items.c.key, "").label("item_key"),
        )
        .select_from(
            notifications.join(engagements, engagements.c.id == c.engagement_id)
            .outerjoin(items, items.c.id == c.item_id)
            .outerjoin(owner_contacts, owner_contacts.c.id == c.recipient_id)
            .outerjoin(owner_people, owner_people.c.id == c.recipient_id)
        )
        .where(c.engagement_id == engagement_id, visible_to.of_engagements())
    )
    if cursor is not None:
        at = decode(cursor, at=str, id=str)
        position = [instant(at["at"]), at["id"]]
        statement = statement.where(beyond([c.changed_at, c.id], position, descending=True))
    found = await session.execute(
        statement.order_by(c.changed_at.desc(), c.id.desc()).limit(limit + 1)
    )
    rows = [
        NotificationRow(
            id=row.id,
            engagement_id=row.engagement_id,
            item_id=row.item_id,
            item_kind=row.item_kind,
            item_key=row.item_key,
            kind=row.kind,
            rung=row.rung,
            task=row.task,
            recipient=named(row.recipient_id, row.recipient_name) or Named("", ""),
            state=row.state,
            reason=row.reason,
            template=row.template,
            template_trouble=row.template_trouble,
            not_before=row.not_before,
            reserved_at=row.reserved_at,
            changed_at=row.changed_at,
        )
        for row in found
    ]
    return page_of(rows, limit, lambda last: encode(at=last.changed_at.isoformat(), id=last.id))
