"""The story as data: people, members, and the moves of each engagement."""

from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator
from ruamel.yaml import YAML

from programmes.vocabulary import Health, Nation, OfficeRole

TEAM = ("lead", "manager", "adviser")
"""Roles that `by` may name, beside a person's key."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SamplePerson(_Part):
    """A person of the office, its funder or a partner."""

    name: str
    email: str
    role: OfficeRole


class SampleContact(_Part):
    """A contact of a member."""

    name: str
    email: str
    lead: bool = False


class SampleMember(_Part):
    """A member organisation, marked as sample data wherever it is shown."""

    name: str
    nation: Nation
    contacts: tuple[SampleContact, ...]

    @property
    def lead(self) -> SampleContact:
        """The one contact who leads."""
        return next(contact for contact in self.contacts if contact.lead)


class Move(BaseModel):
    """A command: who gives it, its name, and its details."""

    model_config = ConfigDict(extra="allow", frozen=True)

    by: str
    do: str
    once: str = ""
    """Wait until an email of this kind has arrived. Only the tour uses it."""

    @property
    def details(self) -> Mapping[str, Any]:
        """All other fields of the move."""
        return self.model_extra or {}


class ExpectedRow(_Part):
    """What the status board should show."""

    stage: str
    health: Health | None = None


class Played(_Part):
    """A member in a programme, with its people and their moves."""

    member: str
    programme: str
    manager: str
    adviser: str
    moves: tuple[Move, ...]


class SampleEngagement(Played):
    """One member's engagement up to today."""

    start: str
    expects: ExpectedRow
    programme: str = "inclusive-growth-network"


class ExpectedMail(_Part):
    """An email that the tour should send."""

    kind: str
    to: str


class Tour(Played):
    """The engagement whose days are seconds."""

    expects: tuple[ExpectedMail, ...]


class Story(_Part):
    """The whole story. Every key that it names must exist in it."""

    people: Mapping[str, SamplePerson]
    members: Mapping[str, SampleMember]
    engagements: tuple[SampleEngagement, ...] = Field(min_length=1)
    tour: Tour

    @model_validator(mode="after")
    def _names_only_what_exists(self) -> "Story":
        played: tuple[Played, ...] = (*self.engagements, self.tour)
        for part in played:
            if part.member not in self.members:
                raise ValueError(f"the story has no member {part.member!r}")
            for who in (part.manager, part.adviser, *(move.by for move in part.moves)):
                if who not in self.people and who not in TEAM:
                    raise ValueError(f"the story has no person {who!r}")
        return self

    def programmes(self) -> Iterator[str]:
        """The id of every programme that the story needs, each once."""
        yield from dict.fromkeys(
            [*(each.programme for each in self.engagements), self.tour.programme]
        )


def sample_story() -> Story:
    """The story that comes with Milepost."""
    text = (files("demo") / "story.yaml").read_text(encoding="utf-8")
    return Story.model_validate(YAML(typ="safe").load(text))
