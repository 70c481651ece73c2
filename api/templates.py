"""An office's own templates for its emails, by programme, kind and language."""

from typing import Annotated, Any

from fastapi import Path, Response
from pydantic import BaseModel, ConfigDict, Field

from api.answers import API, EDIT, FOUND, READ
from api.fields import BODY, Body, Id, Key, Line
from api.guard import Call, Commanded, Read, guarded_router
from notifications.custom_templates.draft import Draft, PartName
from notifications.custom_templates.preview import Source as Whose
from notifications.custom_templates.trial import Trial
from programmes.vocabulary import Language
from services import templates as commands
from services.views import templates as views
from services.views.rows import Page, example
from services.views.templates import TEXT, TemplateDetail, TemplateEntry

router = guarded_router("Templates")

KindName = Annotated[
    str,
    Path(pattern=r"^[a-z_]+\.[a-z_]+$", max_length=80, description="A kind of email."),
]
Spoken = Annotated[Language, Path(description="`en` or `cy`.")]

ADDRESS = "/programmes/{programme_id}/templates/{kind}/{language}"


SUBJECT = "{{ member }}: your research is here"


Source = Annotated[str, Field(max_length=50_000, json_schema_extra={"pattern": r"^[^\x00]*$"})]


def _shown(**values: object) -> ConfigDict:
    """The example of a body that keeps its white space."""
    extra: dict[str, Any] = {"examples": [values]}
    return {**BODY, "str_strip_whitespace": False, "json_schema_extra": extra}


class TemplateDraft(Body):
    """Templates in Jinja. A part that is left out is the built-in one."""

    model_config = _shown(subject=SUBJECT, text=TEXT)
    subject: Source = ""
    text: Source = ""
    html: Source = ""


class NewTemplate(TemplateDraft):
    """A new version."""

    model_config = _shown(subject=SUBJECT, text=TEXT, note="Warmer words.", activate=True)
    note: Line | None = Field(default=None, description="Why it is written.")
    activate: bool = Field(default=False, description="Use it at once.")


class TemplateTrial(TemplateDraft):
    """What to show, and with which data."""

    model_config = _shown(subject=SUBJECT)
    engagement: Key | None = Field(
        default=None, description="The engagement whose data fill it. The default is sample data."
    )
    version: Annotated[int, Field(ge=0, le=1_000_000)] | None = Field(
        default=None,
        description="A stored version, if no template is given. The default is the version in use.",
    )


class TemplateChoice(Body):
    """Which version is to be used."""

    model_config = _shown(version=0)
    version: Annotated[
        int, Field(ge=0, le=1_000_000, description="0 stands for the built-in templates.")
    ]


class TemplateFault(BaseModel):
    """A fault in a template."""

    part: PartName
    line: int = Field(description="From 1; 0 for the whole part.")
    what: str
    fix: str


class TemplateFaults(BaseModel):
    """All faults of a template. None if it can be stored."""

    model_config = example(
        {
            "faults": [
                {
                    "part": "subject",
                    "line": 1,
                    "what": "This kind of email has no 'membr'.",
                    "fix": "Did you mean 'member'?",
                }
            ]
        }
    )
    faults: list[TemplateFault]


class TemplatePreview(BaseModel):
    """An email as it would look."""

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
    """A test that was sent to the caller."""

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


@router.get(
    "/programmes/{programme_id}/templates", summary="List templates", responses=READ | FOUND
)
async def list_templates(programme_id: Id, call: Read) -> Page[TemplateEntry]:
    """List every template of every kind of email, with the version in use."""
    return Page(items=await views.listed(call.backend, call.actor, programme_id))


@router.get(ADDRESS, summary="Show a template", responses=READ | FOUND)
async def show_template(
    programme_id: Id, kind: KindName, language: Spoken, call: Read
) -> TemplateDetail:
    """Show the built-in template, every version of the office's own, and its variables."""
    return await views.detail(
        call.backend, call.actor, programme_id, commands.kind_of(kind), language
    )


@router.post(ADDRESS, summary="Store a version of a template", status_code=201, responses=EDIT)
async def add_template(
    programme_id: Id,
    kind: KindName,
    language: Spoken,
    body: NewTemplate,
    response: Response,
    call: Commanded,
) -> TemplateDetail:
    """Store a version after checking it against all data of this kind of email. Every fault is
    listed with its line. A stored version never changes; it can be activated and rolled back."""
    of = commands.kind_of(kind)
    await commands.put_template(
        call.backend,
        call.actor,
        programme_id,
        of,
        language,
        _draft(body),
        note=body.note or "",
        activate=body.activate,
    )
    response.headers["Location"] = f"{API}/programmes/{programme_id}/templates/{kind}/{language}"
    return await views.detail(
        call.backend, call.actor, programme_id, commands.kind_of(kind), language
    )


@router.post(f"{ADDRESS}/check", summary="Check a template", responses=EDIT)
async def check_template(
    programme_id: Id, kind: KindName, language: Spoken, body: TemplateDraft, call: Commanded
) -> TemplateFaults:
    """List all faults of a template. Nothing is stored."""
    of = commands.kind_of(kind)
    faults = await commands.check_template(
        call.backend, call.actor, programme_id, of, language, _draft(body)
    )
    return TemplateFaults(faults=[TemplateFault(**vars(fault)) for fault in faults])


@router.post(f"{ADDRESS}/preview", summary="Preview a template", responses=EDIT)
async def preview_template(
    programme_id: Id, kind: KindName, language: Spoken, body: TemplateTrial, call: Commanded
) -> TemplatePreview:
    """Show the email as an engagement's recipients would see it. Nothing is stored or sent."""
    shown = await commands.preview(
        call.backend, call.actor, _trial(programme_id, kind, language, body)
    )
    return TemplatePreview(**vars(shown.rendered), data=shown.source)


@router.post(f"{ADDRESS}/send-test", summary="Send a template to oneself", responses=EDIT)
async def send_test_template(
    programme_id: Id, kind: KindName, language: Spoken, body: TemplateTrial, call: Commanded
) -> TestSent:
    """Send the previewed email to the caller."""
    trial = _trial(programme_id, kind, language, body)
    shown = await commands.preview(call.backend, call.actor, trial)
    name = await commands.send_test(call.backend, call.actor, trial, shown)
    return TestSent(**vars(shown.rendered), data=shown.source, sent_to=name)


@router.post(f"{ADDRESS}/activate", summary="Put a version into use", responses=EDIT)
async def activate_template(
    programme_id: Id, kind: KindName, language: Spoken, body: TemplateChoice, call: Commanded
) -> TemplateDetail:
    """Use this version: any stored one, or 0 for the built-in templates."""
    of = commands.kind_of(kind)
    await commands.choose_version(
        call.backend, call.actor, programme_id, of, language, body.version
    )
    return await views.detail(
        call.backend, call.actor, programme_id, commands.kind_of(kind), language
    )


async def _detail(call: Call, programme_id: str, kind: str, language: Language) -> TemplateDetail:
    of = commands.kind_of(kind)
    return await views.detail(call.backend, call.actor, programme_id, of, language)


def _trial(programme_id: str, kind: str, language: Language, body: TemplateTrial) -> Trial:
    draft = _draft(body)
    return Trial(
        programme_id,
        commands.kind_of(kind),
        language,
        draft if draft.parts() else None,
        body.version,
        body.engagement,
    )


def _draft(body: TemplateDraft) -> Draft:
    return Draft(body.subject, body.text, body.html)
