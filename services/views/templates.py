"""An office's own templates: the rows of the list, and one with its versions and variables."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from notifications.custom_templates.draft import BUILT_IN
from notifications.custom_templates.grammar_check import variables
from notifications.custom_templates.keeping import built_in
from notifications.custom_templates.preview import OVERRIDABLE
from notifications.kinds import Kind
from programmes.vocabulary import LANGUAGES, Language
from services.backend import Backend
from services.permissions import Actor, require
from services.problems import Problem
from services.views.rows import example
from storage.queries import templates as stored

TEXT = (
    '{% extends "layout.txt" %}\n{% block act %}Read it{% endblock %}\n'
    "{% block body %}\n{{ item }} is done.\n{% endblock %}\n"
)

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


class TemplateParts(BaseModel):
    """The parts of a template, in Jinja."""

    subject: str
    text: str
    html: str


class TemplateDetail(TemplateEntry):
    """A template with all its versions and variables."""

    model_config = example(
        {
            **ENTRY,
            "built_in": {"subject": "Your research is here", "text": TEXT, "html": "…"},
            "variables": [{"name": "member", "fields": []}],
            "history": [],
        }
    )
    built_in: TemplateParts
    variables: list[Variable]
    history: list[TemplateVersion] = Field(description="The newest first.")


async def listed(backend: Backend, actor: Actor, programme_id: str) -> list[TemplateEntry]:
    """Every template of a programme. Raises the problem ``not-found``."""
    require(actor, "list_templates")
    async with backend.database.reading() as session:
        if not await stored.is_programme(session, programme_id):
            raise Problem("not-found")
        active = await stored.active_templates(session, programme_id)
        counted = await stored.counted_versions(session, programme_id)
    used = {(row.kind, row.language): row.version for row in active}
    return [
        TemplateEntry(
            kind=kind,
            language=language,
            active=used.get((kind, language), BUILT_IN),
            versions=counted.get((kind, language), 0),
        )
        for kind in OVERRIDABLE
        for language in LANGUAGES
    ]


async def detail(
    backend: Backend, actor: Actor, programme_id: str, of: Kind, language: Language
) -> TemplateDetail:
    """One template with its versions and variables. Raises the problem ``not-found``."""
    require(actor, "show_template")
    async with backend.database.reading() as session:
        if not await stored.is_programme(session, programme_id):
            raise Problem("not-found")
        versions = await stored.template_versions(session, programme_id, of.name, language)
    return TemplateDetail(
        kind=of.name,
        language=language,
        active=next((row.version for row in versions if row.active), BUILT_IN),
        versions=len(versions),
        built_in=TemplateParts(**vars(built_in(of, language))),
        variables=[
            Variable(name=name, fields=list(inner)) for name, inner in variables(of.context).items()
        ],
        history=[
            TemplateVersion(
                version=row.version,
                note=row.note,
                created_by=row.created_by,
                created_at=row.created_at,
                activated_at=row.activated_at,
                subject=row.subject,
                text=row.text,
                html=row.html,
            )
            for row in versions
        ],
    )
