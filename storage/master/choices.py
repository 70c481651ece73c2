"""A recipient's choices about emails: checked, stored, and noted in the audit trail."""

from datetime import datetime

from sqlalchemy import literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from programmes.problems import Flaw
from programmes.vocabulary import MODES, REMINDERS
from storage.database import insert_or_ignore
from storage.events import note
from storage.master.checks import Missing, NewChoices, reject_any
from storage.sql import choices, contacts, people

_DAYS_OF_THE_WEEK = 7
_QUIET = "quiet_weekdays"


async def set_choices(
    session: AsyncSession, by: str, now: datetime, holder_id: str, given: NewChoices
) -> None:
    """Replace the recipient's choices. Raises ``Missing`` and ``Rejected``."""
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
    """Opt the recipient out of digests; ``False`` if they are opted out already, or unknown."""
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
            what, fix = f"“{value}” is not a choice.", f"Use one of {', '.join(known)}."
            flaws.append(Flaw(what, fix, "choice_unknown", name))
    days = set(given.quiet_weekdays)
    if not days <= set(range(_DAYS_OF_THE_WEEK)):
        fix = "Give days as numbers: 0 is Monday, 6 is Sunday."
        flaws.append(Flaw("This is not a day of the week.", fix, "weekday_unknown", _QUIET))
    elif days >= set(range(5)):
        fix = "Allow emails on at least one day from Monday to Friday."
        flaws.append(Flaw("No email could ever be sent.", fix, "always_quiet", _QUIET))
    first, last = given.absent_from, given.absent_until
    if (first is None) != (last is None) or (first is None) != (given.delegate_id is None):
        what = "An absence needs its first day, its last day and a delegate."
        fix = "Give all three, or none of them."
        flaws.append(Flaw(what, fix, "absence_incomplete", "absence"))
    elif first is not None and last is not None and last < first:
        what = f"This absence ends on {last}, before it starts on {first}."
        flaws.append(Flaw(what, "Swap the two dates.", "absence_reversed", "absence"))
    return flaws


async def _delegate_flaws(
    session: AsyncSession, holder_id: str, member_id: str | None, given: NewChoices
) -> list[Flaw]:
    """What is wrong with the delegate: a contact needs one of the same member, a person one of
    the office."""
    if given.delegate_id is None:
        return []
    found = await _known(session, given.delegate_id)
    fits = found is not None and found == (member_id, True) and given.delegate_id != holder_id
    if fits:
        return []
    fix = (
        "A contact's delegate is another active contact of the same member; "
        "an office person's delegate is another active office person."
    )
    return [Flaw("This person cannot be the delegate.", fix, "delegate_unfit", "absence")]


async def _known(session: AsyncSession, holder_id: str) -> tuple[str | None, bool] | None:
    """The member of a contact (``None`` for an office person), and whether they are active."""
    statement = (
        select(contacts.c.member_id, contacts.c.active)
        .where(contacts.c.id == holder_id)
        .union_all(select(literal(None), people.c.active).where(people.c.id == holder_id))
    )
    row = (await session.execute(statement)).one_or_none()
    return (row[0], bool(row[1])) if row else None


def _audit(given: NewChoices) -> dict[str, str]:
    """The choices for the audit trail: no personal data, and the delegate as an id."""
    return {
        "language": given.language,
        "reminders": given.reminders,
        "digests": "yes" if given.digests else "no",
        "delegate": given.delegate_id or "",
    }
