"""Commands on an office's own templates: try, store, activate, send a test."""

from collections.abc import Iterator
from contextlib import contextmanager

from notifications.custom_templates import keeping
from notifications.custom_templates.draft import Draft, Fault
from notifications.custom_templates.preview import OVERRIDABLE, Preview
from notifications.custom_templates.trial import NothingToTry, Trial, try_out
from notifications.custom_templates.trial import send_test as send
from notifications.kinds import Kind
from notifications.senders.protocol import Refusal
from notifications.sentences import reason_sentence
from programmes.vocabulary import Language
from services.backend import Backend, writing
from services.permissions import Actor, require
from services.problems import Flaw, Problem
from storage.master.templates import activate_template
from storage.queries.templates import is_programme


def kind_of(name: str) -> Kind:
    """A kind of email. Raises ``not-found``."""
    if name not in OVERRIDABLE:
        raise Problem("not-found")
    return OVERRIDABLE[name]


async def check_template(
    backend: Backend,
    actor: Actor,
    programme_id: str,
    kind: Kind,
    language: Language,
    draft: Draft,
) -> tuple[Fault, ...]:
    """Every fault of a draft. Nothing is stored. Raises ``not-found``."""
    require(actor, "check_template")
    async with backend.database.reading() as session:
        if not await is_programme(session, programme_id):
            raise Problem("not-found", missing=programme_id)
    return await keeping.faults_in(kind, language, draft)


async def put_template(
    backend: Backend,
    actor: Actor,
    programme_id: str,
    kind: Kind,
    language: Language,
    draft: Draft,
    *,
    note: str,
    activate: bool,
) -> int:
    """Store a version. Raises ``template-invalid`` with every fault, and ``not-found``."""
    require(actor, "add_template")
    with _fit_to_use():
        async with writing(backend) as session:
            return await keeping.put(
                session,
                actor.holder_id,
                backend.now(),
                programme_id,
                kind,
                language,
                draft,
                why=note,
                activate=activate,
            )


async def choose_version(
    backend: Backend, actor: Actor, programme_id: str, kind: Kind, language: Language, version: int
) -> None:
    """Put a version into use. Raises ``not-found``."""
    require(actor, "activate_template")
    async with writing(backend) as session:
        await activate_template(
            session, actor.holder_id, backend.now(), programme_id, kind.name, language, version
        )


async def roll_back(
    backend: Backend, actor: Actor, programme_id: str, kind: Kind, language: Language
) -> int:
    """Put the version before the one in use into use. Returns it. Raises ``not-found``."""
    require(actor, "activate_template")
    async with writing(backend) as session:
        return await keeping.roll_back(
            session, actor.holder_id, backend.now(), programme_id, kind, language
        )


async def preview(backend: Backend, actor: Actor, trial: Trial) -> Preview:
    """An email as it would look. Raises ``template-invalid`` and ``not-found``."""
    require(actor, "preview_template")
    with _fit_to_use():
        async with backend.database.reading() as session:
            return await try_out(session, trial, backend.settings, backend.now())


async def send_test(
    backend: Backend, actor: Actor, trial: Trial, shown: Preview, to: str | None = None
) -> str:
    """Send a preview to the caller. Returns the caller's name.

    The operator, who has no address, names a person in ``to``. Raises ``not-sent`` and
    ``not-found``.
    """
    require(actor, "send_test_template")
    with _fit_to_use():
        try:
            person_id = to or actor.holder_id
            return await send(backend.database, backend.settings, trial, shown, person_id)
        except Refusal as refusal:
            raise Problem("not-sent", reason=reason_sentence(refusal.reason)) from refusal


@contextmanager
def _fit_to_use() -> Iterator[None]:
    """Turn what is wrong with a draft or a trial into a problem."""
    try:
        yield
    except keeping.FaultyDraft as error:
        raise _invalid(error.faults) from error
    except NothingToTry as error:
        raise Problem("not-found", missing=_named(error)) from error


def _named(nothing: NothingToTry) -> str:
    match nothing.what:
        case "version":
            return f"version {nothing.named}"
        case "engagement":
            return f"engagement {nothing.named!r}"
        case "programme" | "person":
            return str(nothing.named)


def _invalid(faults: tuple[Fault, ...]) -> Problem:
    return Problem(
        "template-invalid",
        errors=[
            Flaw(
                pointer=f"#/{one.part}:{one.line}" if one.line else f"#/{one.part}",
                what=one.what,
                fix=one.fix,
            )
            for one in faults
        ],
    )
