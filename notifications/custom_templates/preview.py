"""Previews of emails, and the kinds whose templates an office may replace."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.content.context import Letter
from notifications.content.message import Message, MissingFact, link_to
from notifications.content.rendering import Rendered, put_together, side_of
from notifications.content.scene import read_recipient, read_scene
from notifications.custom_templates.draft import Draft, Override
from notifications.custom_templates.samples import sample
from notifications.custom_templates.writing import overridden
from notifications.delivery.reserving import NO_RECIPIENT_ID
from notifications.delivery.sending import OfficeSettings
from notifications.digests.content import (
    DigestReader,
    MemberDigest,
    TeamDigest,
    member_digest,
    team_digest,
)
from notifications.kinds import KINDS, Kind
from programmes.vocabulary import Language
from storage.sql import notifications


def _of_no_occasion(it: Message) -> Letter:
    raise MissingFact(f"{it.kind}: a summary is of a programme, and of no one occasion")


DIGESTS: Mapping[str, Kind] = {
    name: Kind(name, context, _of_no_occasion, "always")
    for name, context in (("digest.manager", TeamDigest), ("digest.member", MemberDigest))
}
"""The kinds of summary: ``notifications.digests`` writes them."""

OVERRIDABLE: Mapping[str, Kind] = {**KINDS, **DIGESTS}


_LOOKED_AT = 20
"""The most emails that are tried: the task of one may be closed by now."""

Source = Literal["engagement", "partly", "sample"]


@dataclass(frozen=True)
class Preview:
    """An email that was not sent."""

    rendered: Rendered
    source: Source
    """``engagement``: an email that this engagement got, as it would read now. ``partly``: its
    names and link with samples for the rest, because it has no such email about an open task.
    ``sample``: samples only."""


async def real_context(
    session: AsyncSession,
    kind: Kind,
    engagement_id: str,
    language: Language,
    office: OfficeSettings,
    now: datetime,
) -> tuple[Letter, Source]:
    """The context of a kind of email for an engagement; a summary is for its lead or manager.

    Raises ``LookupError`` if the engagement does not exist.
    """
    if kind.name in DIGESTS:
        written = await _summary(session, kind, engagement_id, language, office, now)
        if written is not None:
            return written, "engagement"
    c = notifications.c
    query = (
        select(notifications)
        .where(
            c.engagement_id == engagement_id, c.kind == kind.name, c.recipient_id != NO_RECIPIENT_ID
        )
        .order_by(c.reserved_at.desc(), c.id)
        .limit(_LOOKED_AT)
    )
    for row in (await session.execute(query)).all():
        scene = await read_scene(session, engagement_id, row.item_id, row.sequence)
        recipient = await read_recipient(session, row.recipient_id)
        if recipient is None:
            continue
        message = Message(
            scene,
            recipient,
            office.public_url,
            kind=kind.name,
            rung=row.rung,
            task=row.task or kind.task,
            text_id=row.text_id,
        )
        try:
            return kind.build(message.in_language(language)), "engagement"
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
    """The context of a summary; ``None`` if it would be empty or has no recipient."""
    scene = await read_scene(session, engagement_id, engagement_id, 0)
    to_member = kind.name == "digest.member"
    leads = [one.id for one in scene.people.values() if one.role == "lead" and one.active]
    reader_id = (leads or [""])[0] if to_member else scene.manager_id or ""
    who = await read_recipient(session, reader_id)
    if who is None or scene.definition is None:
        return None
    reader = DigestReader(
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
    return letter if letter.has_content else None


def show(
    kind: Kind, context: Letter, source: Source, language: Language, draft: Draft | None
) -> Preview:
    """The email in one language, from a draft or the built-in templates.

    Raises Jinja's errors for a faulty draft: check it first.
    """
    values = asdict(context)
    side = (
        overridden(kind.name, values, Override(language, 0, draft))
        if draft is not None and draft.parts()
        else side_of(kind.name, values, language)
    )
    return Preview(put_together([side]), source)
