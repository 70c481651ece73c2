"""Members from a CSV file with one row per contact: stores all of them, or lists every flaw."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from programmes.problems import Flaw
from storage.master.checks import (
    NewContact,
    email_flaws,
    email_twice,
    lead_flaws,
    member_taken,
    name_flaws,
    nation_flaws,
    normal_email,
    reject_any,
)
from storage.master.members import add_member, names_in_use

REQUIRED = ("name", "nation", "contact_name", "contact_email")
OPTIONAL = ("lead",)
"""``yes`` or ``no``; where a member has one contact, that one is the lead."""
COLUMNS = (*REQUIRED, *OPTIONAL)

_YES_NO = {"yes": True, "no": False, "": False}


@dataclass
class _Member:
    """One member's rows, as they come."""

    name: str
    nation: str
    line: int
    contacts: list[NewContact] = field(default_factory=list)
    emails: set[str] = field(default_factory=set)

    def with_lead(self) -> tuple[NewContact, ...]:
        if len(self.contacts) == 1:
            only = self.contacts[0]
            return (NewContact(only.name, only.email, lead=True),)
        return tuple(self.contacts)


async def import_members(
    session: AsyncSession, by: str, now: datetime, text: str, *, sample: bool = False
) -> tuple[str, ...]:
    """Add every member of the file; returns their ids in order.

    Raises ``Rejected`` with each flaw and its line, and then has stored nothing. A file with a
    byte order mark, or with semicolons between the columns, is taken too.
    """
    found, flaws = read_members(text)
    taken = await names_in_use(session, [one.name for one in found])
    flaws += [member_taken(one.name, one.line) for one in found if one.name.lower() in taken]
    reject_any(sorted(flaws, key=lambda one: one.line))
    return tuple(
        [
            await add_member(
                session,
                by,
                now,
                name=one.name,
                nation=one.nation,
                contacts=one.with_lead(),
                sample=sample,
            )
            for one in found
        ]
    )


def read_members(text: str) -> tuple[list[_Member], list[Flaw]]:
    """The members of a file, and every flaw of its rows with its line."""
    lines = text.removeprefix("\ufeff").splitlines(keepends=True)
    heading = lines[0] if lines else ""
    delimiter = ";" if heading.count(";") > heading.count(",") else ","
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    members: dict[str, _Member] = {}
    flaws: list[Flaw] = []
    columns: list[str] = []
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            if not columns:
                columns = [cell.lower() for cell in cells]
                heading_flaws = _heading_flaws(columns, reader.line_num)
                if heading_flaws:
                    return [], heading_flaws
            elif len(cells) != len(columns):
                what = f"This row has {len(cells)} fields and the heading has {len(columns)}."
                fix = "Give each column one field; put quotation marks around text with a comma."
                flaws.append(Flaw(what, fix, "csv_row_length", "row", reader.line_num))
            else:
                _take_row(dict(zip(columns, cells, strict=True)), reader.line_num, members, flaws)
    except csv.Error:
        fix = "Save it as CSV in UTF-8, with commas between the columns."
        what = "The file cannot be read as CSV."
        return [], [Flaw(what, fix, "csv_unreadable", "row", reader.line_num)]
    if not members and not flaws:
        fix = f"Write one row per contact, below a heading with the columns {', '.join(COLUMNS)}."
        flaws.append(Flaw("The file has no rows.", fix, "csv_empty", "file", 1))
    for member in members.values():
        flaws += lead_flaws(member.with_lead(), "lead", member.line)
    return list(members.values()), flaws


def _take_row(
    row: Mapping[str, str], line: int, members: dict[str, _Member], flaws: list[Flaw]
) -> None:
    flaws += name_flaws(row["name"], line=line)
    flaws += nation_flaws(row["nation"].upper(), line=line)
    flaws += name_flaws(row["contact_name"], "contact_name", line=line)
    flaws += email_flaws(row["contact_email"], "contact_email", line=line)
    lead = row.get("lead", "").lower()
    if lead not in _YES_NO:
        what = f"“{row['lead']}” is neither yes nor no."
        flaws.append(Flaw(what, "Write yes or no.", "csv_lead", "lead", line))
    fresh = _Member(row["name"], row["nation"].upper(), line)
    member = members.setdefault(row["name"].lower(), fresh)
    for column in ("name", "nation"):
        if getattr(member, column) != getattr(fresh, column):
            what = f"“{row['name']}” has another {column} in line {member.line}."
            fix = "Write the same in each row of a member."
            flaws.append(Flaw(what, fix, "csv_member_differs", column, line))
    email = normal_email(row["contact_email"])
    if email is not None and email in member.emails:
        flaws.append(email_twice(email, "contact_email", line))
    member.emails.add(email or "")
    member.contacts.append(
        NewContact(row["contact_name"], row["contact_email"], _YES_NO.get(lead, False))
    )


def _heading_flaws(columns: list[str], line: int) -> list[Flaw]:
    known = f"the columns {', '.join(COLUMNS)}; {', '.join(OPTIONAL)} is optional."
    flaws = [
        Flaw(
            f"The column “{column}” is not known.",
            f"Use {known}",
            "csv_unknown_column",
            "heading",
            line,
        )
        for column in columns
        if column not in COLUMNS
    ]
    missing = [column for column in REQUIRED if column not in columns]
    if missing:
        what = f"The heading lacks {', '.join(missing)}."
        flaws.append(Flaw(what, f"The heading needs {known}", "csv_columns", "heading", line))
    return flaws
