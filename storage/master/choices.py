"""What a contact or a person chooses about their emails, checked and kept with an audit event."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from programmes.vocabulary import MODES, REMINDERS
from storage.master.audit import note
from storage.master.checks import Flaw, Missing, flaw, reject_any
from storage.sql import choices, contacts, insert_or_ignore, people

_DAYS_OF_THE_WEEK = 7


@dataclass(frozen=True)
class NewChoices:
    """All choices, as given."""

    language: str = "en"
    reminders: str = "single"
    digests: bool = True
    quiet_weekdays: Sequence[int] = ()
    absent_from: date | None = None
    absent_until: date | None = None
    delegate_id: str | None = None


async def set_choices(
    session: AsyncSession, by: str, now: datetime, holder_id: str, given: NewChoices
) -> None:
    """Put these choices in the place of the earlier ones. Raises ``Missing`` and ``Rejected``."""
    holder = await _known(session, holder_id)
    if holder is None:
        raise Missing(holder_id)
    reject_any(_flaws(given) + await _delegate_flaws(session, holder_id, holder[0], given))
    values = {
        "language": given.language,
        "reminders": given.reminders,
        "digests": given.digests,
        "quiet_weekdays": sorted(set(given.quiet_weekdays)),
        "absent_from": given.absent_from,
        "absent_until": given.absent_until,
        "delegate_id": given.delegate_id,
        "changed_at": now,
    }
    if not await insert_or_ignore(session, choices, [{"holder_id": holder_id, **values}]):
        await session.execute(
            update(choices).where(choices.c.holder_id == holder_id).values(values)
        )
    await note(session, "choices.changed", holder_id, by, now, _audit(given))


async def stop_digests(session: AsyncSession, now: datetime, holder_id: str) -> bool:
    """What the link in a digest does; ``False`` where they had stopped already, or are unknown."""
    if await _known(session, holder_id) is None:
        return False
    changed = await session.execute(
        update(choices)
        .where(choices.c.holder_id == holder_id, choices.c.digests)
        .values(digests=False, changed_at=now)
        .returning(choices.c.holder_id)
    )
    if changed.scalar_one_or_none() is None:
        row = {
            "holder_id": holder_id,
            "language": "en",
            "reminders": "single",
            "digests": False,
            "quiet_weekdays": [],
            "absent_from": None,
            "absent_until": None,
            "delegate_id": None,
            "changed_at": now,
        }
        if not await insert_or_ignore(session, choices, [row]):
            return False
    await note(session, "choices.unsubscribed", holder_id, holder_id, now)
    return True


def _flaws(given: NewChoices) -> list[Flaw]:
    flaws: list[Flaw] = []
    for name, value, known in (
        ("language", given.language, MODES),
        ("reminders", given.reminders, REMINDERS),
    ):
        if value not in known:
            flaws.append(flaw("choice_unknown", name, value=value, known=", ".join(known)))
    days = set(given.quiet_weekdays)
    if not days <= set(range(_DAYS_OF_THE_WEEK)):
        flaws.append(flaw("weekday_unknown", "quiet_weekdays"))
    elif days >= set(range(5)):
        flaws.append(flaw("always_quiet", "quiet_weekdays"))
    first, last = given.absent_from, given.absent_until
    if (first is None) != (last is None) or (first is None) != (given.delegate_id is None):
        flaws.append(flaw("absence_incomplete", "absence"))
    elif first is not None and last is not None and last < first:
        flaws.append(flaw("absence_reversed", "absence", first=first, last=last))
    return flaws


async def _delegate_flaws(
    session: AsyncSession, holder_id: str, member_id: str | None, given: NewChoices
) -> list[Flaw]:
    """A contact's delegate is at the same member; a person's is of the office."""
    if given.delegate_id is None:
        return []
    found = await _known(session, given.delegate_id)
    fits = found is not None and found == (member_id, True) and given.delegate_id != holder_id
    return [] if fits else [flaw("delegate_unfit", "absence")]


async def _known(session: AsyncSession, holder_id: str) -> tuple[str | None, bool] | None:
    """The member of a contact (``None`` of a person), and whether they can be told things."""
    statement = (
        select(contacts.c.member_id, contacts.c.active)
        .where(contacts.c.id == holder_id)
        .union_all(select(literal(None), people.c.active).where(people.c.id == holder_id))
    )
    row = (await session.execute(statement)).one_or_none()
    return (row[0], bool(row[1])) if row else None


def _audit(given: NewChoices) -> dict[str, str]:
    """What was chosen: nothing of it is personal but who stands in, which is an id."""
    return {
        "language": given.language,
        "reminders": given.reminders,
        "digests": "yes" if given.digests else "no",
        "delegate": given.delegate_id or "",
    }
