"""What the API takes and answers about an office's own templates."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from api.bodies import Body
from api.fields import BODY, Key, Line
from notifications.custom_templates.draft import PartName
from notifications.custom_templates.preview import Source as Whose
from notifications.languages import Language
from services.views.rows import example

SUBJECT = "{{ member }}: your research is here"
TEXT = (
    '{% extends "layout.txt" %}\n{% block act %}Read it{% endblock %}\n'
    "{% block body %}\n{{ item }} is done.\n{% endblock %}\n"
)

Source = Annotated[str, Field(max_length=50_000, json_schema_extra={"pattern": r"^[^\x00]*$"})]


def _shown(**values: object) -> ConfigDict:
    """The example, for a body whose white space is as it was written."""
    extra: dict[str, Any] = {"examples": [values]}
    return {**BODY, "str_strip_whitespace": False, "json_schema_extra": extra}


class TemplateDraft(Body):
    """Templates in Jinja; a part that is left out is the built-in one."""

    model_config = _shown(subject=SUBJECT, text=TEXT)
    subject: Source = ""
    text: Source = ""
    html: Source = ""


class NewTemplate(TemplateDraft):
    """A new version."""

    model_config = _shown(subject=SUBJECT, text=TEXT, note="Warmer words.", activate=True)
    note: Line | None = Field(default=None, description="Why it is written.")
    activate: bool = Field(default=False, description="Put it into use at once.")


class TemplateTrial(TemplateDraft):
    """What to show, and with whose data."""

    model_config = _shown(subject=SUBJECT)
    engagement: Key | None = Field(
        default=None, description="The engagement whose data fill it; samples without one."
    )
    version: Annotated[int, Field(ge=0, le=1_000_000)] | None = Field(
        default=None,
        description="A stored version, where no template is given; the one in use without it.",
    )


class TemplateChoice(Body):
    """Which version is to be used."""

    model_config = _shown(version=0)
    version: Annotated[
        int, Field(ge=0, le=1_000_000, description="0 stands for the built-in templates.")
    ]


ENTRY: dict[str, Any] = {"kind": "research.delivered", "language": "cy", "active": 2, "versions": 2}


class TemplateEntry(BaseModel):
    """One template of a programme."""

    model_config = example(ENTRY)
    kind: str
    language: Language
    active: int = Field(description="The version in use; 0 is the built-in one.")
    versions: int = Field(description="How many of the office's own there are.")


class TemplateVersion(BaseModel):
    """A stored version."""

    version: int
    note: str
    created_by: str
    created_at: datetime
    activated_at: datetime | None
    subject: str
    text: str
    html: str


class Variable(BaseModel):
    """A name that the templates of a kind may use."""

    name: str
    fields: list[str] = Field(description="What it, or each of its entries, has in turn.")


class TemplateDetail(TemplateEntry):
    """A template with all its versions, and what it may say."""

    model_config = example(
        {
            **ENTRY,
            "built_in": {"subject": "Your research is here", "text": TEXT, "html": "…"},
            "variables": [{"name": "member", "fields": []}],
            "history": [],
        }
    )
    built_in: TemplateDraft
    variables: list[Variable]
    history: list[TemplateVersion] = Field(description="The newest first.")


class TemplateFault(BaseModel):
    """Something wrong with a template."""

    part: PartName
    line: int = Field(description="From 1; 0 where it is about the whole part.")
    what: str
    mend: str


class TemplateFaults(BaseModel):
    """Everything that is wrong; nothing where it may be stored."""

    model_config = example(
        {
            "faults": [
                {
                    "part": "subject",
                    "line": 1,
                    "what": "This kind of email has no 'membr'.",
                    "mend": "Did you mean 'member'?",
                }
            ]
        }
    )
    faults: list[TemplateFault]


class TemplatePreview(BaseModel):
    """An email as it would read."""

    model_config = example(
        {"subject": "Cardiff: your research is here", "text": "…", "html": "…", "data": "partly"}
    )
    subject: str
    text: str
    html: str
    data: Whose = Field(
        description="Whose data fill it: the engagement's, its names and samples, or samples."
    )


class TestSent(TemplatePreview):
    """A test that was sent to whoever asked."""

    __test__ = False
    model_config = example(
        {
            "subject": "Cardiff: your research is here",
            "text": "…",
            "html": "…",
            "data": "sample",
            "sent_to": "Ada Okafor",
        }
    )
    sent_to: str
