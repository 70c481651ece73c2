"""The kinds of email whose words an office may replace: all of them, summaries too."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.content.context import Letter
from notifications.content.message import MissingFact, Occasion
from notifications.content.rendering import Rendered, put_together, side_of
from notifications.content.scene import read_recipient, read_scene
from notifications.custom_templates.draft import Draft, Override
from notifications.custom_templates.samples import sample
from notifications.custom_templates.writing import overridden
from notifications.delivery.ledger import NOBODY
from notifications.delivery.sending import OfficeSettings
from notifications.digests.content import (
    MemberDigest,
    Reader,
    TeamDigest,
    member_digest,
    team_digest,
)
from notifications.kinds import KINDS, Kind
from notifications.languages import Language
from notifications.links import link_to
from storage.sql import notifications


def _of_no_occasion(it: Occasion) -> Letter:
    raise MissingFact(f"{it.kind}: a summary is of a programme, and of no one occasion")


DIGESTS: Mapping[str, Kind] = {
    name: Kind(name, context, _of_no_occasion, "always")
    for name, context in (("digest.manager", TeamDigest), ("digest.member", MemberDigest))
}
"""Summaries: see ``notifications.digests`` for how they are written."""

OVERRIDABLE: Mapping[str, Kind] = {**KINDS, **DIGESTS}


_LOOKED_AT = 20
"""How many emails are tried: what one was about may be done by now, and its words gone with it."""

Source = Literal["engagement", "partly", "sample"]


@dataclass(frozen=True)
class Preview:
    """An email that was not sent."""

    rendered: Rendered
    source: Source
    """``engagement``: an email that this engagement got, as it would read now. ``partly``: its
    names and link, and samples for the rest, since it got none of this kind that is still open.
    ``sample``: samples alone."""


async def real_context(
    session: AsyncSession,
    kind: Kind,
    engagement_id: str,
    language: Language,
    office: OfficeSettings,
    now: datetime,
) -> tuple[Letter, Source]:
    """What a kind of email would say about an engagement; a summary, what it says to the member's
    lead contact or to the manager. Raises ``LookupError`` without it."""
    if kind.name in DIGESTS:
        written = await _summary(session, kind, engagement_id, language, office, now)
        if written is not None:
            return written, "engagement"
    c = notifications.c
    query = (
        select(notifications)
        .where(c.engagement_id == engagement_id, c.kind == kind.name, c.recipient_id != NOBODY)
        .order_by(c.reserved_at.desc(), c.id)
        .limit(_LOOKED_AT)
    )
    for row in (await session.execute(query)).all():
        scene = await read_scene(session, engagement_id, row.item_id, row.sequence)
        recipient = await read_recipient(session, row.recipient_id)
        if recipient is None:
            continue
        occasion = Occasion(
            scene,
            recipient,
            office.public_url,
            kind=kind.name,
            rung=row.rung,
            task=row.task or kind.task,
            text_id=row.text_id,
        )
        try:
            return kind.build(occasion.in_language(language)), "engagement"
        except (MissingFact, ValueError):
            continue
    scene = (await read_scene(session, engagement_id, engagement_id, 0)).in_language(language)
    names = {
        "member": scene.member,
        "programme": scene.titles.programme,
        "office": scene.titles.office,
        "reply_to": scene.titles.reply_to,
        "link": link_to(office.public_url, engagement_id),
    }
    return replace(sample(kind, language), **names), "partly"


async def _summary(
    session: AsyncSession,
    kind: Kind,
    engagement_id: str,
    language: Language,
    office: OfficeSettings,
    now: datetime,
) -> Letter | None:
    """``None`` where there is nothing to say, or nobody to say it to."""
    scene = await read_scene(session, engagement_id, engagement_id, 0)
    to_member = kind.name == "digest.member"
    leads = [one.id for one in scene.people.values() if one.role == "lead" and one.active]
    reader_id = (leads or [""])[0] if to_member else scene.manager_id or ""
    who = await read_recipient(session, reader_id)
    if who is None or scene.definition is None:
        return None
    reader = Reader(
        who,
        scene.member_id if to_member else "",
        scene.member if to_member else "",
        engagement_id if to_member else "",
        office.public_url.rstrip("/"),
        "",
    )
    if to_member:
        letter: TeamDigest | MemberDigest = (
            await member_digest(session, scene.definition, reader, now)
        )[language]
    else:
        unknown_after = timedelta(seconds=office.unknown_after)
        team = await team_digest(session, scene.definition, reader, now, unknown_after)
        letter = team[language]
    return letter if letter.says_something else None


def show(
    kind: Kind, context: Letter, source: Source, language: Language, draft: Draft | None
) -> Preview:
    """The email in one language; of the built-in templates where there is no draft.

    Raises what is wrong with a draft; check it first.
    """
    values = asdict(context)
    side = (
        overridden(kind.name, values, Override(language, 0, draft))
        if draft is not None and draft.parts()
        else side_of(kind.name, values, language)
    )
    return Preview(put_together([side]), source)
