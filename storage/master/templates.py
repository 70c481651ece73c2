"""Changes an office's own templates: adds versions, and puts one of them into use."""

from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.events import note
from storage.master.checks import Missing
from storage.queries.templates import is_programme
from storage.sql import template_overrides

BUILT_IN = 0
"""The version number that means the built-in templates."""


async def add_template(
    session: AsyncSession,
    by: str,
    now: datetime,
    programme_id: str,
    kind: str,
    language: str,
    *,
    subject: str,
    text: str,
    html: str,
    why: str = "",
) -> int:
    """Store a checked version, not yet in use; returns its number.

    Raises ``Missing`` if there is no such programme.
    """
    if not await is_programme(session, programme_id):
        raise Missing(programme_id)
    c = template_overrides.c
    key = {"programme_id": programme_id, "kind": kind, "language": language}
    newest = await session.scalar(
        select(func.max(c.version)).where(*(c[name] == value for name, value in key.items()))
    )
    version = int(newest or 0) + 1
    await session.execute(
        insert(template_overrides).values(
            **key,
            version=version,
            subject=subject,
            text=text,
            html=html,
            note=why,
            created_by=by,
            created_at=now,
            active=False,
            activated_at=None,
        )
    )
    await note(
        session,
        "template.added",
        _row_id(programme_id, kind, language),
        by,
        now,
        {"version": str(version)},
    )
    return version


async def activate_template(
    session: AsyncSession,
    by: str,
    now: datetime,
    programme_id: str,
    kind: str,
    language: str,
    version: int,
) -> None:
    """Put any version into use, or the built-in templates (version 0).

    Raises ``Missing`` if there is no such version.
    """
    c = template_overrides.c
    mine = (c.programme_id == programme_id, c.kind == kind, c.language == language)
    # Locks the rows, so that two calls at once run one after the other.
    await session.execute(update(template_overrides).where(*mine).values(active=False))
    if version != BUILT_IN:
        chosen = await session.execute(
            update(template_overrides)
            .where(*mine, c.version == version)
            .values(active=True, activated_at=now)
            .returning(c.version)
        )
        if chosen.scalar_one_or_none() is None:
            raise Missing(f"{_row_id(programme_id, kind, language)}/{version}")
    elif not await is_programme(session, programme_id):
        raise Missing(programme_id)
    await note(
        session,
        "template.activated",
        _row_id(programme_id, kind, language),
        by,
        now,
        {"version": str(version)},
    )


def _row_id(programme_id: str, kind: str, language: str) -> str:
    return f"{programme_id}/{kind}/{language}"
