"""An office's own words for its emails, a programme and a language at a time."""

from typing import Annotated

from fastapi import Path, Response

from api.answers import API, EDIT, FOUND, READ
from api.fields import Id
from api.guard import Commanded, Read, guarded_router
from api.template_bodies import (
    NewTemplate,
    TemplateChoice,
    TemplateDetail,
    TemplateDraft,
    TemplateEntry,
    TemplateFault,
    TemplateFaults,
    TemplatePreview,
    TemplateTrial,
    TemplateVersion,
    TestSent,
    Variable,
)
from notifications.custom_templates.draft import BUILT_IN, Draft
from notifications.custom_templates.grammar_check import variables
from notifications.custom_templates.keeping import built_in, faults_in
from notifications.custom_templates.preview import OVERRIDABLE
from notifications.custom_templates.trial import Trial
from notifications.languages import LANGUAGES, Language
from services import templates as commands
from services.problems import Problem
from services.views.rows import Page
from storage.queries import templates as stored

router = guarded_router("Templates")

KindName = Annotated[
    str,
    Path(pattern=r"^[a-z_]+\.[a-z_]+$", max_length=80, description="A kind of email."),
]
Spoken = Annotated[Language, Path(description="`en` or `cy`.")]

ADDRESS = "/programmes/{programme_id}/templates/{kind}/{language}"


@router.get(
    "/programmes/{programme_id}/templates", summary="List templates", responses=READ | FOUND
)
async def list_templates(programme_id: Id, call: Read) -> Page[TemplateEntry]:
    """Every template of every kind of email, and which version of it is in use."""
    async with call.backend.database.reading() as session:
        if not await stored.is_programme(session, programme_id):
            raise Problem("not-found")
        active = await stored.active_templates(session, programme_id)
        counted = await stored.counted_versions(session, programme_id)
    used = {(row.kind, row.language): row.version for row in active}
    return Page(
        items=[
            TemplateEntry(
                kind=kind,
                language=language,
                active=used.get((kind, language), BUILT_IN),
                versions=counted.get((kind, language), 0),
            )
            for kind in OVERRIDABLE
            for language in LANGUAGES
        ]
    )


@router.get(ADDRESS, summary="Show a template", responses=READ | FOUND)
async def show_template(
    programme_id: Id, kind: KindName, language: Spoken, call: Read
) -> TemplateDetail:
    """The built-in words, every version of the office's own, and the names that may be used."""
    return await _detail(call, programme_id, kind, language)


@router.post(ADDRESS, summary="Store a version of a template", status_code=201, responses=EDIT)
async def add_template(
    programme_id: Id,
    kind: KindName,
    language: Spoken,
    body: NewTemplate,
    response: Response,
    call: Commanded,
) -> TemplateDetail:
    """Checked first, against everything that this kind of email can hold; every fault is listed
    with its line. A version never changes; it can be put into use, and be rolled back."""
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
    return await _detail(call, programme_id, kind, language)


@router.post(f"{ADDRESS}/check", summary="Check a template", responses=EDIT)
async def check_template(
    programme_id: Id, kind: KindName, language: Spoken, body: TemplateDraft, call: Commanded
) -> TemplateFaults:
    """Everything that is wrong with it; nothing is stored."""
    of = commands.kind_of(kind)
    async with call.backend.database.reading() as session:
        if not await stored.is_programme(session, programme_id):
            raise Problem("not-found")
    faults = await faults_in(of, language, _draft(body))
    return TemplateFaults(faults=[TemplateFault(**vars(fault)) for fault in faults])


@router.post(f"{ADDRESS}/preview", summary="Preview a template", responses=EDIT)
async def preview_template(
    programme_id: Id, kind: KindName, language: Spoken, body: TemplateTrial, call: Commanded
) -> TemplatePreview:
    """The email as an engagement's people would read it; nothing is stored or sent."""
    shown = await commands.preview(call.backend, _trial(programme_id, kind, language, body))
    return TemplatePreview(**vars(shown.rendered), data=shown.source)


@router.post(f"{ADDRESS}/send-test", summary="Send a template to oneself", responses=EDIT)
async def send_test_template(
    programme_id: Id, kind: KindName, language: Spoken, body: TemplateTrial, call: Commanded
) -> TestSent:
    """The same, as an email to whoever calls."""
    trial = _trial(programme_id, kind, language, body)
    shown = await commands.preview(call.backend, trial)
    name = await commands.send_to_oneself(call.backend, call.actor, trial, shown)
    return TestSent(**vars(shown.rendered), data=shown.source, sent_to=name)


@router.post(f"{ADDRESS}/activate", summary="Put a version into use", responses=EDIT)
async def activate_template(
    programme_id: Id, kind: KindName, language: Spoken, body: TemplateChoice, call: Commanded
) -> TemplateDetail:
    """Also an earlier one, or 0 for the built-in templates."""
    of = commands.kind_of(kind)
    await commands.choose_version(
        call.backend, call.actor, programme_id, of, language, body.version
    )
    return await _detail(call, programme_id, kind, language)


async def _detail(call: Read, programme_id: str, kind: str, language: Language) -> TemplateDetail:
    of = commands.kind_of(kind)
    async with call.backend.database.reading() as session:
        if not await stored.is_programme(session, programme_id):
            raise Problem("not-found")
        versions = await stored.template_versions(session, programme_id, kind, language)
    return TemplateDetail(
        kind=kind,
        language=language,
        active=next((row.version for row in versions if row.active), BUILT_IN),
        versions=len(versions),
        built_in=TemplateDraft(**vars(built_in(of, language))),
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
