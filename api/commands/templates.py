"""Commands on an office's own templates: try, store, put into use, send to oneself."""

from api.desk import Desk
from api.permissions import Actor
from api.problems import Flaw, Problem
from notifications.catalogue import Kind
from notifications.languages import Language
from notifications.overrides import keeping
from notifications.overrides.draft import Draft, Fault
from notifications.overrides.kinds import OVERRIDABLE
from notifications.overrides.preview import Preview
from notifications.overrides.trial import NothingToTry, Trial, send_test, try_out
from notifications.senders.protocol import Refusal
from notifications.sentences import reason_sentence
from storage.master import Missing
from storage.master.templates import activate_template


def kind_of(name: str) -> Kind:
    """A kind of email. Raises ``not-found``."""
    if name not in OVERRIDABLE:
        raise Problem("not-found")
    return OVERRIDABLE[name]


async def put_template(
    desk: Desk,
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
        async with desk.database.transaction() as session:
            return await keeping.put(
                session,
                actor.holder_id,
                desk.now(),
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
    desk: Desk, actor: Actor, programme_id: str, kind: Kind, language: Language, version: int
) -> None:
    """Put a version into use. Raises ``not-found``."""
    try:
        async with desk.database.transaction() as session:
            await activate_template(
                session, actor.holder_id, desk.now(), programme_id, kind.name, language, version
            )
    except Missing as error:
        raise Problem("not-found") from error


async def preview(desk: Desk, trial: Trial) -> Preview:
    """An email as it would read. Raises ``template-invalid`` and ``not-found``."""
    try:
        async with desk.database.reading() as session:
            return await try_out(session, trial, desk.settings, desk.now())
    except keeping.FaultyDraft as error:
        raise _invalid(error.faults) from error
    except NothingToTry as error:
        raise Problem("not-found") from error


async def send_to_oneself(desk: Desk, actor: Actor, trial: Trial, shown: Preview) -> str:
    """Send a preview to whoever asks; their name. Raises ``not-sent`` and ``not-found``."""
    try:
        return await send_test(desk.database, desk.settings, trial, shown, actor.holder_id)
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
                mend=one.mend,
            )
            for one in faults
        ],
    )
