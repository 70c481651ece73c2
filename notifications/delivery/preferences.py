"""What recipients have chosen about their emails: language, reminders, quiet days, absence.

A link in each summary lets its reader choose to get no more of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.words import ENGLISH, languages_of
from programmes.vocabulary import Language, Mode, Reminders
from storage.queries.rows import AnyRow, filled
from storage.sql import choices, suppressions


@dataclass(frozen=True)
class Choices:
    """One recipient's choices. The defaults apply to a recipient who has made none."""

    language: Mode = ENGLISH
    reminders: Reminders = "single"
    digests: bool = True
    quiet_weekdays: tuple[int, ...] = ()
    absent_from: date | None = None
    absent_until: date | None = None
    delegate_id: str | None = None
    changed_at: datetime | None = None
    """``None`` where they have made none."""

    def is_away(self, day: date) -> bool:
        """Whether they are absent on that day."""
        if self.absent_from is None or self.absent_until is None:
            return False
        return self.absent_from <= day <= self.absent_until

    def delegate_on(self, day: date) -> str | None:
        """The delegate who gets their emails on that day; ``None`` unless they are away."""
        return self.delegate_id if self.is_away(day) else None


async def read_choices(session: AsyncSession, holder_ids: Iterable[str]) -> Mapping[str, Choices]:
    """The choices of each of them, in one statement."""
    wanted = list(dict.fromkeys(holder_ids))
    rows = await session.execute(select(choices).where(choices.c.holder_id.in_(wanted)))
    return {**dict.fromkeys(wanted, Choices()), **{row.holder_id: _choices(row) for row in rows}}


async def choices_and_suppression(
    session: AsyncSession, holder_id: str, address: str
) -> tuple[Choices, bool]:
    """A recipient's choices, and whether their address is suppressed: one statement."""
    one = select(literal(address.lower()).label("address")).subquery()
    s = suppressions.c
    row = (
        await session.execute(
            select(choices, s.id.label("suppression")).select_from(
                one.outerjoin(choices, choices.c.holder_id == holder_id).outerjoin(
                    suppressions, (s.address == one.c.address) & s.lifted_at.is_(None)
                )
            )
        )
    ).one()
    return (_choices(row) if row.holder_id else Choices()), row.suppression is not None


async def choices_of(session: AsyncSession, holder_id: str) -> Choices:
    """The choices of one contact or person."""
    return (await read_choices(session, [holder_id]))[holder_id]


async def language_of(session: AsyncSession, holder_id: str) -> Mode:
    """The language in which a contact or a person of the office gets emails, or both."""
    return (await choices_of(session, holder_id)).language


async def first_language_of(session: AsyncSession, holder_id: str) -> Language:
    """The language to use where there is room for one only; Welsh for readers of both."""
    return languages_of(await language_of(session, holder_id))[0]


def _choices(row: AnyRow) -> Choices:
    return filled(Choices, row, quiet_weekdays=tuple(row.quiet_weekdays))


_SALT = "milepost.unsubscribe"
_LONGEST = 400


def unsubscribe_link(public_url: str, secret: str, holder_id: str) -> str:
    """The unsubscribe address: email programs post to it (RFC 8058), and people may open it."""
    token = URLSafeSerializer(secret, salt=_SALT).dumps(holder_id)
    return f"{public_url.rstrip('/')}/unsubscribe/{token}"


def holder_of(token: str, secret: str) -> str | None:
    """The person whose link it is; ``None`` if the signature is wrong.

    A link never expires, because old emails have to work.
    """
    if not secret or len(token) > _LONGEST:
        return None
    try:
        holder = URLSafeSerializer(secret, salt=_SALT).loads(token)
    except BadSignature:
        return None
    return holder if isinstance(holder, str) else None
