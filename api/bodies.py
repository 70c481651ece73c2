"""The bodies of commands, one model each, named after what it asks for."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from api.fields import BODY, Day, Instant, Key, Line, Link, Paragraphs, Slug
from services.problems import catalogue


class Body(BaseModel):
    """What all of them have in common."""

    model_config = BODY


def _example(**values: object) -> ConfigDict:
    extra: dict[str, Any] = {"examples": [values]}
    return {**BODY, "json_schema_extra": extra}


class Written(Body):
    """Something a person wrote, with a link to a document where there is one."""

    model_config = _example(
        text="Which local employers pay the real living wage?",
        title="Real living wage employers",
        link="https://example.org/brief.pdf",
    )
    text: Paragraphs
    title: Line | None = None
    link: Link = ""


class NewRequest(Written):
    """A research request."""

    model_config = _example(
        text="Which interventions raise pay in care work, and what do they cost?",
        title="Pay in care work",
        theme="good-jobs",
    )
    theme: Slug | None = Field(default=None, description="One of the programme's themes.")


class Reason(Body):
    """Why something is done."""

    model_config = _example(reason="The council has paused the programme until May.")
    reason: Paragraphs


class Question(Body):
    """What the office needs to know."""

    model_config = _example(question="Which wards do you have in mind?")
    question: Paragraphs


class Comments(Body):
    """What is to be changed."""

    model_config = _example(comments="Please add figures for the last two years.")
    comments: Paragraphs


class OptionalText(Body):
    """A remark, where there is one to make."""

    model_config = _example(text="Signed by the chief executive.")
    text: Paragraphs | None = None


class StepDone(OptionalText):
    """A remark, and the day on which the step was really done, where that is over."""

    model_config = _example(text="Signed by the chief executive.")
    done_on: Day | None = Field(
        default=None,
        description="For members who joined before the office had Milepost, for instance.",
    )


class Scope(Body):
    """What will be delivered, in which form, and when."""

    model_config = _example(
        text="A review of eight interventions with costs.", format="briefing", due="2027-03-12"
    )
    text: Paragraphs
    format: Slug = Field(description="One word that travels with the request, not a sentence.")
    due: Day | None = Field(default=None, description="The delivery date; it has a default.")


class Assignment(Body):
    """Who does it."""

    model_config = _example(researcher="per_k3m5q7ab2c4d6e8fgh2j")
    researcher: Key


class Feedback(Body):
    """How useful it was, from 1 to 5."""

    model_config = _example(score=5, text="Just what the cabinet needed.")
    score: Annotated[int, Field(ge=1, le=5)]
    text: Paragraphs | None = None


class NewStart(Body):
    """A member that starts a programme."""

    model_config = _example(
        member="mem_k3m5q7ab2c4d6e8fgh2j",
        programme="inclusive-growth-network",
        start="2027-01-11",
        manager="per_k3m5q7ab2c4d6e8fgh2j",
        adviser="per_c4d6e8fgh2jk3m5q7ab2",
    )
    member: Key
    programme: Key
    version: Annotated[int, Field(ge=1, le=1_000_000)] | None = Field(
        default=None, description="The latest version, unless another one is named."
    )
    start: Day = Field(description="The first day, in the member's calendar. It may be over.")
    manager: Key | None = Field(default=None, description="The caller, where it is a manager.")
    adviser: Key | None = None


class Team(Body):
    """Who looks after an engagement, and who advises it; what is not given stays."""

    model_config = _example(manager="per_k3m5q7ab2c4d6e8fgh2j", adviser="per_c4d6e8fgh2jk3m5q7ab2")
    manager: Key | None = Field(default=None, description="An active person with that role.")
    adviser: Key | None = Field(
        default=None, description="An active person with that role, or a manager."
    )


class NewDate(Body):
    """Another due date."""

    model_config = _example(due="2027-06-30", reason="The election falls into the month before.")
    due: Day
    reason: Paragraphs | None = None


class Dates(Body):
    """The dates that an adviser offers for a session."""

    model_config = _example(dates=["2027-04-20T10:00:00Z", "2027-04-22T13:30:00Z"])
    dates: Annotated[
        list[Instant], Field(min_length=1, max_length=5, json_schema_extra={"uniqueItems": True})
    ]

    @field_validator("dates")
    @classmethod
    def _distinct(cls, dates: list[Instant]) -> list[Instant]:
        if len(set(dates)) < len(dates):
            raise PydanticCustomError(
                "wrong_repeated", "{what}", dict(catalogue()["wrong"]["repeated"])
            )
        return dates


class Held(Body):
    """On which day a session was held, where that was not the agreed one."""

    model_config = _example(held_on="2027-04-22")
    held_on: Day | None = None


class Choice(Body):
    """Which of the dates suits: 0 is the first."""

    model_config = _example(choice=1)
    choice: Annotated[int, Field(ge=0, le=4)]


class NewAction(Body):
    """An action that was agreed in a session."""

    model_config = _example(text="Share the procurement data.", owner="lead", due="2027-05-14")
    text: Paragraphs
    owner: Key = Field(description="`lead`, `adviser`, `manager`, or the id of one of them.")
    due: Day


class Notes(Body):
    """What came of a session."""

    model_config = _example(
        text="We agreed to start with procurement.",
        actions=[{"text": "Share the data.", "owner": "lead", "due": "2027-05-14"}],
    )
    text: Paragraphs
    actions: Annotated[list[NewAction], Field(max_length=20)] = []


class Evidence(Written):
    """What shows that one item of the checklist is done."""

    model_config = _example(
        check="baseline", text="The figures for 2026.", link="https://example.org/figures.xlsx"
    )
    check: Key
