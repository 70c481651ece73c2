"""Commands on an office's own templates: try, store, activate, send a test."""

from notifications.custom_templates import keeping
from notifications.custom_templates.draft import Draft, Fault
from notifications.custom_templates.preview import OVERRIDABLE, Preview
from notifications.custom_templates.trial import NothingToTry, Trial, send_test, try_out
from notifications.kinds import Kind
from notifications.senders.protocol import Refusal
from notifications.sentences import reason_sentence
from programmes.vocabulary import Language
from services.backend import Backend
from services.permissions import Actor
from services.problems import Flaw, Problem
from storage.master import Missing
from storage.master.templates import activate_template


def kind_of(name: str) -> Kind:
    """A kind of email. Raises ``not-found``."""
    if name not in OVERRIDABLE:
        raise Problem("not-found")
    return OVERRIDABLE[name]


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
    try:
        async with backend.database.transaction() as session:
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
    except keeping.FaultyDraft as error:
        raise _invalid(error.faults) from error
    except Missing as error:
        raise Problem("not-found") from error


async def choose_version(
    backend: Backend, actor: Actor, programme_id: str, kind: Kind, language: Language, version: int
) -> None:
    """Put a version into use. Raises ``not-found``."""
    try:
        async with backend.database.transaction() as session:
            await activate_template(
                session, actor.holder_id, backend.now(), programme_id, kind.name, language, version
            )
    except Missing as error:
        raise Problem("not-found") from error


async def preview(backend: Backend, trial: Trial) -> Preview:
    """An email as it would look. Raises ``template-invalid`` and ``not-found``."""
    try:
        async with backend.database.reading() as session:
            return await try_out(session, trial, backend.settings, backend.now())
    except keeping.FaultyDraft as error:
        raise _invalid(error.faults) from error
    except NothingToTry as error:
        raise Problem("not-found") from error


async def send_to_oneself(backend: Backend, actor: Actor, trial: Trial, shown: Preview) -> str:
    """Send a preview to the caller. Returns the caller's name. Raises ``not-sent`` and
    ``not-found``."""
    try:
        return await send_test(backend.database, backend.settings, trial, shown, actor.holder_id)
    except NothingToTry as error:
        raise Problem("not-found") from error
    except Refusal as refusal:
        raise Problem("not-sent", reason=reason_sentence(refusal.reason)) from refusal


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
