"""The contexts of summaries: plain values, like those of any email."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from notifications.content.context import Letter, Line
from notifications.content.message import first_line, link_to
from notifications.content.scene import MEMBERS_OWN, Who
from notifications.digests import reading
from notifications.digests.reading import MOST, ListedTask
from notifications.sentences import Clock, kind_title, reason_sentence
from notifications.words import Titles, entry, item_title, task_words, titles_of
from programmes.definition import Definition
from programmes.vocabulary import Language
from storage.queries.suppressions import SuppressionRow, list_suppressions
from storage.queries.troubles import TroubleRow, list_troubles


@dataclass(frozen=True)
class Trouble:
    """An email that did not arrive, or a suppressed address."""

    what: str
    who: str
    why: str


@dataclass(frozen=True)
class TeamDigest(Letter):
    """The weekly summary for a person of the office."""

    unsubscribe: str
    stuck: tuple[Line, ...]
    waiting: tuple[Line, ...]
    """For the reader."""
    due: tuple[Line, ...]
    """This week, from others."""
    troubles: tuple[Trouble, ...]

    @property
    def has_content(self) -> bool:
        """Whether there is anything to send."""
        return bool(self.stuck or self.waiting or self.due or self.troubles)


@dataclass(frozen=True)
class MemberDigest(Letter):
    """The monthly summary for a member's contact."""

    unsubscribe: str
    waiting: tuple[Line, ...]
    """For the reader."""
    colleagues: tuple[Line, ...]
    """For others at the member."""
    ours: tuple[Line, ...]
    """What the office does for the member."""
    done: tuple[str, ...]

    @property
    def has_content(self) -> bool:
        """Whether there is anything to send."""
        return bool(self.waiting or self.colleagues or self.ours or self.done)


WEEK = timedelta(days=7)
MONTH = timedelta(days=31)


@dataclass(frozen=True)
class DigestReader:
    """The recipient of a summary, with what its links need."""

    who: Who
    member_id: str
    """Empty for a person of the office."""
    member: str
    engagement_id: str
    public_url: str
    unsubscribe: str


@dataclass(frozen=True)
class Wording:
    """The programme's words in one language."""

    titles: Titles
    clock: Clock
    language: Language

    @classmethod
    def of(cls, definition: Definition, language: Language) -> "Wording":
        """The words of a definition."""
        zone = definition.calendar.zone
        return cls(titles_of(definition, language), Clock(zone, language=language), language)

    def line(self, one: ListedTask, *, member: bool = False) -> Line:
        """An open task as a line of a list."""
        task = one.task
        words = task_words(task.family, task.key, self.titles, first_line(task.text))
        return Line(
            title=words.title,
            item=item_title(task.item_kind, task.item_key, self.titles, one.number),
            by=self.clock.due(task.due_at),
            owner=task.owner.name if task.owner else "",
            member=one.member.name if member else "",
        )

    def letter(self, reader: DigestReader, why: str, link: str) -> dict[str, str]:
        """The fields that every email has."""
        titles = self.titles
        return {
            "to": reader.who.name,
            "member": reader.member,
            "programme": titles.programme,
            "office": titles.office,
            "reply_to": titles.reply_to,
            "item": titles.programme,
            "link": link,
            "why": entry("why", why, language=self.language)["text"].format(member=reader.member),
            "unsubscribe": reader.unsubscribe,
        }


async def team_digest(
    session: AsyncSession,
    definition: Definition,
    reader: DigestReader,
    now: datetime,
    unknown_after: timedelta,
) -> "dict[Language, TeamDigest]":
    """The weekly summary for a person of the office, in each language.

    ``unknown_after``: after this time, an email whose arrival is unknown is listed as trouble.
    """
    me = reader.who.id
    found = await reading.tasks_for_team(session, definition.id, me, now, now + WEEK)
    waiting = [one for one in found if _is(one, me)]
    stuck = [one for one in found if not _is(one, me) and _stuck(one, now)]
    due = [one for one in found if not _is(one, me) and not _stuck(one, now)]
    emails: Sequence[TroubleRow] = ()
    addresses: Sequence[SuppressionRow] = ()
    if reader.who.role == "manager":
        troubles = await list_troubles(
            session,
            now,
            unknown_after,
            manager_id=me,
            programme_id=definition.id,
            # Emails that wait for the sender leave with this summary, or just after it.
            waiting=False,
            limit=MOST,
        )
        suppressed = await list_suppressions(
            session, manager_id=me, programme_id=definition.id, limit=MOST
        )
        emails, addresses = troubles.rows, suppressed.rows
    written: dict[Language, TeamDigest] = {}
    for language in ("en", "cy"):
        voice = Wording.of(definition, language)
        written[language] = TeamDigest(
            **voice.letter(reader, "team_digest", reader.public_url),
            stuck=_lines(voice, stuck, member=True),
            waiting=_lines(voice, waiting, member=True),
            due=_lines(voice, due, member=True),
            troubles=_troubles(language, emails, addresses),
        )
    return written


async def member_digest(
    session: AsyncSession, definition: Definition, reader: DigestReader, now: datetime
) -> "dict[Language, MemberDigest]":
    """The monthly summary for a member's contact, in each language."""
    me = reader.who.id
    found = await reading.tasks_of_member(session, definition.id, reader.member_id)
    waiting = [one for one in found if _is(one, me)]
    theirs = [one for one in found if not _is(one, me)]
    colleagues = [one for one in theirs if _at_member(one)]
    ours = [one for one in theirs if not _at_member(one)]
    closed = await reading.closed_for_member(session, definition.id, reader.member_id, now - MONTH)
    link = link_to(reader.public_url, reader.engagement_id)
    written: dict[Language, MemberDigest] = {}
    for language in ("en", "cy"):
        voice = Wording.of(definition, language)
        written[language] = MemberDigest(
            **voice.letter(reader, "member_digest", link),
            waiting=_lines(voice, waiting),
            colleagues=_lines(voice, colleagues),
            ours=_lines(voice, ours),
            done=tuple(
                item_title(item.kind, item.key, voice.titles, item.data.get("number", ""))
                for item in closed
            ),
        )
    return written


def _troubles(
    language: Language, emails: Sequence[TroubleRow], addresses: Sequence[SuppressionRow]
) -> tuple[Trouble, ...]:
    """Emails that did not arrive, and suppressed addresses."""
    words = entry("digest", language=language)
    return (
        *(
            Trouble(
                kind_title(row.kind, language),
                row.recipient.name,
                reason_sentence(row.reason, language),
            )
            for row in emails
            # The suppressed address is listed once for all its emails.
            if row.reason != "suppressed"
        ),
        *(
            Trouble(
                str(words["address"]),
                ", ".join(one.name for one in row.holders),
                str(words[row.reason]),
            )
            for row in addresses
            if row.holders
        ),
    )


def _lines(
    voice: Wording, found: Sequence[ListedTask], *, member: bool = False
) -> tuple[Line, ...]:
    return tuple(voice.line(one, member=member) for one in found[:MOST])


def _is(one: ListedTask, holder_id: str) -> bool:
    return one.task.owner is not None and one.task.owner.id == holder_id


def _at_member(one: ListedTask) -> bool:
    owner = one.task.owner
    return one.task.owner_role in MEMBERS_OWN or (owner is not None and owner.id[:4] == "con_")


def _stuck(one: ListedTask, now: datetime) -> bool:
    return one.task.health(now) == "stuck"
