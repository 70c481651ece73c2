"""Checks of new master data: every check gives all flaws at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from programmes.problems import Flaw
from programmes.vocabulary import NATIONS, OFFICE_ROLES


class Rejected(ValueError):
    """The input has flaws, and nothing was stored."""

    def __init__(self, *flaws: Flaw) -> None:
        super().__init__("\n".join(str(flaw) for flaw in flaws))
        self.flaws = flaws


class Missing(LookupError):
    """There is no row with that id."""


def reject_any(flaws: Sequence[Flaw]) -> None:
    """Raise ``Rejected`` if there is any flaw."""
    if flaws:
        raise Rejected(*flaws)


NAME_LENGTH = 200


@dataclass(frozen=True)
class NewContact:
    """A new contact of a member, before it is checked."""

    name: str
    email: str
    lead: bool = False


@dataclass(frozen=True)
class Blackout:
    """A period, both days included, in which nothing is sent or falls due."""

    first: date
    last: date
    reason: str = ""

    def stored(self) -> dict[str, str]:
        """As the table keeps it."""
        return {
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "reason": self.reason.strip(),
        }


@dataclass(frozen=True)
class NewChoices:
    """All choices of one recipient, before they are checked."""

    language: str = "en"
    reminders: str = "single"
    digests: bool = True
    quiet_weekdays: Sequence[int] = ()
    absent_from: date | None = None
    absent_until: date | None = None
    delegate_id: str | None = None


def name_flaws(name: str, field: str = "name", *, line: int = 0) -> list[Flaw]:
    """What is wrong with a name. It also appears in email headers."""
    name = name.strip()
    if not name:
        return [Flaw("The name is missing.", "Give a name.", "name_empty", field, line)]
    if len(name) > NAME_LENGTH:
        what, fix = f"This name has {len(name)} characters.", f"Use at most {NAME_LENGTH}."
        return [Flaw(what, fix, "name_too_long", field, line)]
    if not name.isprintable():
        what = "This name has a line break or another character that cannot be shown."
        return [Flaw(what, "Write it on one line.", "name_unprintable", field, line)]
    return []


def normal_email(email: str) -> str | None:
    """The address as it is stored and compared; ``None`` if it is not valid. Checks no DNS."""
    from email_validator import EmailNotValidError, validate_email  # slow to import

    try:
        checked = validate_email(email.strip(), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        return None
    return checked.normalized.lower()


def email_flaws(email: str, field: str = "email", *, line: int = 0) -> list[Flaw]:
    """What is wrong with an address."""
    if normal_email(email) is None:
        what = f"“{email.strip()}” is not an email address."
        return [Flaw(what, "Write it as name@example.org.", "email_invalid", field, line)]
    return []


def nation_flaws(nation: str, *, line: int = 0) -> list[Flaw]:
    """What is wrong with a nation."""
    if nation in NATIONS:
        return []
    what, fix = f"“{nation}” is not a nation.", f"Use one of {', '.join(NATIONS)}."
    return [Flaw(what, fix, "nation_unknown", "nation", line)]


def role_flaws(role: str) -> list[Flaw]:
    """What is wrong with the role of an office person."""
    if role in OFFICE_ROLES:
        return []
    what, fix = f"“{role}” is not a role.", f"Use one of {', '.join(OFFICE_ROLES)}."
    return [Flaw(what, fix, "role_unknown", "role")]


LONGEST_BLACKOUT = timedelta(days=366)
"""The longest time without any email, by one blackout or by several in a row."""


def blackout_flaws(blackouts: tuple[Blackout, ...]) -> list[Flaw]:
    """What is wrong with blackouts."""
    reversed_ones = [
        Flaw(
            f"This period ends on {one.last}, before it starts on {one.first}.",
            "Swap the two dates.",
            "blackout_reversed",
            f"blackouts/{n}",
        )
        for n, one in enumerate(blackouts)
        if one.last < one.first
    ]
    return reversed_ones or _endless(blackouts)


def _endless(blackouts: tuple[Blackout, ...]) -> list[Flaw]:
    begins: date | None = None
    ends = date.min
    for n, one in sorted(enumerate(blackouts), key=lambda each: each[1].first):
        if begins is None or (one.first - ends).days > 1:
            begins = one.first
        ends = max(ends, one.last)
        if ends - begins >= LONGEST_BLACKOUT:
            what = f"No email would leave from {begins} to {ends}, which is more than a year."
            fix = "End the period within a year."
            return [Flaw(what, fix, "blackout_too_long", f"blackouts/{n}")]
    return []


def contacts_flaws(contacts: tuple[NewContact, ...]) -> list[Flaw]:
    """What is wrong with the contacts of a new member: each one, and all together."""
    flaws: list[Flaw] = []
    seen: set[str] = set()
    for n, contact in enumerate(contacts):
        flaws += name_flaws(contact.name, f"contacts/{n}/name")
        flaws += email_flaws(contact.email, f"contacts/{n}/email")
        email = normal_email(contact.email)
        if email is not None and email in seen:
            flaws.append(email_twice(email, f"contacts/{n}/email"))
        seen.add(email or "")
    return flaws + lead_flaws(contacts, "contacts")


def email_twice(email: str, field: str, line: int = 0) -> Flaw:
    """Two contacts of one member have the same address."""
    what = f"“{email}” is given twice for one member."
    return Flaw(what, "Give each contact once.", "email_twice", field, line)


def email_taken(email: str | None) -> Flaw:
    """The address belongs to another contact or person."""
    fix = "Use another address, or change the entry that has it."
    return Flaw(f"“{email}” is already in use.", fix, "email_taken", "email")


def member_taken(name: str, line: int = 0) -> Flaw:
    """Another member has that name."""
    fix = "Use another name, or change that member."
    return Flaw(f"There is already a member called “{name}”.", fix, "member_taken", "name", line)


def lead_flaws(contacts: Sequence[NewContact], field: str, line: int = 0) -> list[Flaw]:
    """What is wrong with the leads of a member: exactly one contact is the lead."""
    leads, fix = sum(contact.lead for contact in contacts), "Mark exactly one contact as the lead."
    if leads == 0:
        return [Flaw("No contact is marked as the lead.", fix, "lead_missing", field, line)]
    if leads > 1:
        what = f"{leads} contacts are marked as the lead."
        return [Flaw(what, fix, "lead_several", field, line)]
    return []
