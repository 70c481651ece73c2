"""How answers point at people, members and programmes, and the pages of a list."""

from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

PERSON: dict[str, Any] = {"id": "per_k3m5q7ab2c4d6e8fgh2j", "name": "Ada Okafor"}
MEMBER: dict[str, Any] = {
    "id": "mem_c4d6e8fgh2jk3m5q7ab2",
    "name": "Cardiff Council",
    "nation": "WLS",
    "sample": False,
}


def example(values: dict[str, Any]) -> ConfigDict:
    """The model's example in OpenAPI."""
    return ConfigDict(json_schema_extra={"examples": [values]})


class Ref(BaseModel):
    """Somebody, by id and name."""

    model_config = example(PERSON)
    id: str
    name: str


class MemberRef(BaseModel):
    """A member organisation."""

    model_config = example(MEMBER)
    id: str
    name: str
    nation: str
    sample: bool


class ProgrammeRef(BaseModel):
    """One version of a programme."""

    id: str
    version: int


Entry = TypeVar("Entry")


class Page(BaseModel, Generic[Entry]):
    """A part of a list, and where it goes on."""

    items: list[Entry]
    next: str | None = Field(default=None, description="The address of the next page, if any.")
