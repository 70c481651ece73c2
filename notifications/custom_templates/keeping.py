"""Stores an office's own templates, after a check."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from notifications.content.rendering import TEMPLATES
from notifications.custom_templates.check import check
from notifications.custom_templates.draft import BUILT_IN, FILES, Draft, Fault
from notifications.kinds import Kind
from notifications.words import ENGLISH
from programmes.vocabulary import Language
from storage.master.templates import activate_template, add_template
from storage.queries.templates import template_versions


class FaultyDraft(ValueError):
    """A draft that may not be stored, with its faults."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(", ".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


async def faults_in(kind: Kind, language: Language, draft: Draft) -> tuple[Fault, ...]:
    """Every fault of a draft. The check runs in a thread, so that other requests need not wait."""
    return await asyncio.to_thread(check, kind, language, draft)


async def must_be_right(kind: Kind, language: Language, draft: Draft) -> None:
    """Raise ``FaultyDraft`` if the draft has faults."""
    if faults := await faults_in(kind, language, draft):
        raise FaultyDraft(faults)


async def put(
    session: AsyncSession,
    by: str,
    now: datetime,
    programme_id: str,
    kind: Kind,
    language: Language,
    draft: Draft,
    *,
    why: str = "",
    activate: bool = False,
) -> int:
    """Check a draft, store it as the next version, and use it if ``activate`` is set.

    Raises ``FaultyDraft``, and ``Missing`` if the programme does not exist.
    """
    await must_be_right(kind, language, draft)
    version = await add_template(
        session,
        by,
        now,
        programme_id,
        kind.name,
        language,
        subject=draft.subject,
        text=draft.text,
        html=draft.html,
        why=why,
    )
    if activate:
        await activate_template(session, by, now, programme_id, kind.name, language, version)
    return version


async def roll_back(
    session: AsyncSession,
    by: str,
    now: datetime,
    programme_id: str,
    kind: Kind,
    language: Language,
) -> int:
    """Go back to the version before the one in use; before the first comes the built-in one.

    Returns the version that is in use then.
    """
    versions = await template_versions(session, programme_id, kind.name, language)
    current = next((row.version for row in versions if row.active), BUILT_IN)
    before = max((row.version for row in versions if row.version < current), default=BUILT_IN)
    await activate_template(session, by, now, programme_id, kind.name, language, before)
    return before


async def draft_of(
    session: AsyncSession,
    programme_id: str,
    kind: Kind,
    language: Language,
    version: int | None = None,
) -> Draft | None:
    """The draft of a version, or of the one in use; ``None`` if that version does not exist.

    The built-in templates are an empty draft.
    """
    if version == BUILT_IN:
        return Draft()
    versions = await template_versions(session, programme_id, kind.name, language)
    for row in versions:
        if row.active if version is None else row.version == version:
            return Draft(row.subject, row.text, row.html)
    return Draft() if version is None else None


def built_in(kind: Kind, language: Language) -> Draft:
    """The templates that come with Milepost, to start from."""
    folder = TEMPLATES / kind.name
    folder = folder if language == ENGLISH else folder / language
    return Draft(*((folder / file).read_text("utf-8") for file in FILES.values()))
