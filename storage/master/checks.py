"""What is wrong with master data that somebody gave, and what would be right: all of it at once."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from programmes.vocabulary import NATIONS, OFFICE_ROLES

_CATALOGUE = Path(__file__).with_name("flaws.toml")


@dataclass(frozen=True)
class Flaw:
    """One thing that is wrong."""

    name: str
    field: str
    what: str
    mend: str
    line: int = 0
    """The line of an imported file; 0 where there is no file."""

    def __str__(self) -> str:
        place = f"line {self.line}, " if self.line else ""
        return f"{place}{self.field}: {self.what} {self.mend}"


class Rejected(ValueError):
    """Nothing was stored: every flaw, with its mend."""

    def __init__(self, *flaws: Flaw) -> None:
        super().__init__("\n".join(str(flaw) for flaw in flaws))
        self.flaws = flaws


class Missing(LookupError):
    """There is no row of that id."""


def flaw(name: str, field: str, /, *, line: int = 0, **values: object) -> Flaw:
    """The flaw of that name, in words of the catalogue."""
    words = _catalogue()[name]
    return Flaw(name, field, words["what"].format(**values), words["mend"].format(**values), line)


def reject_any(flaws: Sequence[Flaw]) -> None:
    """Raise ``Rejected`` where there is a flaw."""
    if flaws:
        raise Rejected(*flaws)


@cache
def _catalogue() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(_CATALOGUE.read_text(encoding="utf-8"))


NAME_LENGTH = 200


@dataclass(frozen=True)
class NewContact:
    """A person at a member organisation, as given."""

    name: str
    email: str
    lead: bool = False


@dataclass(frozen=True)
class Blackout:
    """Days, both included, in which nothing falls due and nothing is sent."""

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


def name_flaws(name: str, field: str = "name", *, line: int = 0) -> list[Flaw]:
    """What is wrong with a name: it also goes into the heading of an email."""
    name = name.strip()
    if not name:
        return [flaw("name_empty", field, line=line)]
    if len(name) > NAME_LENGTH:
        return [flaw("name_too_long", field, line=line, length=len(name), most=NAME_LENGTH)]
    if not name.isprintable():
        return [flaw("name_unprintable", field, line=line)]
    return []


def normal_email(email: str) -> str | None:
    """The address as it is stored and compared, or ``None`` where it is none. Form only, no DNS."""
    from email_validator import EmailNotValidError, validate_email  # slow to import

    try:
        checked = validate_email(email.strip(), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        return None
    return checked.normalized.lower()


def email_flaws(email: str, field: str = "email", *, line: int = 0) -> list[Flaw]:
    """What is wrong with an address."""
    if normal_email(email) is None:
        return [flaw("email_invalid", field, line=line, email=email.strip())]
    return []


def nation_flaws(nation: str, *, line: int = 0) -> list[Flaw]:
    """What is wrong with a nation."""
    if nation in NATIONS:
        return []
    return [flaw("nation_unknown", "nation", line=line, nation=nation, known=", ".join(NATIONS))]


def role_flaws(role: str) -> list[Flaw]:
    """What is wrong with the role of a person of the office."""
    if role in OFFICE_ROLES:
        return []
    return [flaw("role_unknown", "role", role=role, known=", ".join(OFFICE_ROLES))]


def blackout_flaws(blackouts: tuple[Blackout, ...]) -> list[Flaw]:
    """What is wrong with periods."""
    return [
        flaw("blackout_reversed", f"blackouts/{n}", first=one.first, last=one.last)
        for n, one in enumerate(blackouts)
        if one.last < one.first
    ]


def contacts_flaws(contacts: tuple[NewContact, ...]) -> list[Flaw]:
    """What is wrong with the contacts of a new member: each one, and all together."""
    flaws: list[Flaw] = []
    seen: set[str] = set()
    for n, contact in enumerate(contacts):
        flaws += name_flaws(contact.name, f"contacts/{n}/name")
        flaws += email_flaws(contact.email, f"contacts/{n}/email")
        email = normal_email(contact.email)
        if email is not None and email in seen:
            flaws.append(flaw("email_twice", f"contacts/{n}/email", email=email))
        seen.add(email or "")
    leads = sum(contact.lead for contact in contacts)
    if leads == 0:
        flaws.append(flaw("lead_missing", "contacts"))
    if leads > 1:
        flaws.append(flaw("lead_several", "contacts", count=leads))
    return flaws
