"""The bodies that add or change members, contacts and people."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.fields import BODY, Day, Key, Line
from programmes.vocabulary import Nation, OfficeRole

Email = Annotated[str, Field(min_length=3, max_length=254, json_schema_extra={"format": "email"})]
"""Checked by the room that stores it, for its form alone."""


class Body(BaseModel):
    """What all of them have in common."""

    model_config = BODY


def _example(**values: object) -> ConfigDict:
    extra: dict[str, Any] = {"examples": [values]}
    return {**BODY, "json_schema_extra": extra}


class NewContact(Body):
    """A person at a member organisation."""

    model_config = _example(name="Sian Hughes", email="sian.hughes@example.org", lead=True)
    name: Line
    email: Email
    lead: bool = False


class ContactEdit(Body):
    """What changes about a contact; the rest stays."""

    model_config = _example(lead=True)
    name: Line | None = None
    email: Email | None = None
    lead: Literal[True] | None = Field(
        default=None, description="Make it the lead, in place of the one who was."
    )
    active: bool | None = None


class Blackout(Body):
    """Days in which nothing falls due and nothing is sent: a pre-election period."""

    model_config = _example(first="2027-03-22", last="2027-05-06", reason="Pre-election period")
    first: Day
    last: Day
    reason: Annotated[str, Field(max_length=200)] = ""


class NewMember(Body):
    """A member organisation with its contacts, one of them the lead."""

    model_config = _example(
        name="Cardiff Council",
        nation="WLS",
        contacts=[{"name": "Sian Hughes", "email": "sian.hughes@example.org", "lead": True}],
    )
    name: Line
    nation: Nation
    sample: bool = False
    contacts: Annotated[list[NewContact], Field(min_length=1, max_length=50)]
    blackouts: Annotated[list[Blackout], Field(max_length=50)] = []


class MemberEdit(Body):
    """What changes about a member; the rest stays."""

    model_config = _example(
        blackouts=[{"first": "2027-03-22", "last": "2027-05-06", "reason": "Pre-election period"}]
    )
    name: Line | None = None
    nation: Nation | None = None
    blackouts: Annotated[list[Blackout], Field(max_length=50)] | None = None


class NewPerson(Body):
    """A person of the office, of its funder or of a partner."""

    model_config = _example(name="Ada Okafor", email="ada@example.org", role="manager")
    name: Line
    email: Email
    role: OfficeRole


class Funders(Body):
    """Everybody who hears, for its funder, how a programme gets on."""

    model_config = _example(people=["per_k3m5q7ab2c4d6e8fgh2j"])
    people: Annotated[list[Key], Field(max_length=50)]


class PersonEdit(Body):
    """What changes about a person; the rest stays."""

    model_config = _example(email="ada.okafor@example.org")
    name: Line | None = None
    email: Email | None = None
    active: bool | None = None
