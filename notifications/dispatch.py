"""The emails that records reserve: checked whether they are true, and written, as they leave."""

from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from notifications import ledger
from notifications.catalogue import KINDS, Kind
from notifications.courtesy import Told, courtesy
from notifications.handover import Handover, Ready, require_window
from notifications.invitations import Turn, invitation, read_turns
from notifications.languages import Language, languages_of
from notifications.occasion import Occasion
from notifications.overrides.draft import Override
from notifications.overrides.writing import Written, named_versions, overrides_of, write
from notifications.replies.address import ReplyAddresses
from notifications.scene import Scene, read_recipient
from notifications.senders.protocol import Email
from notifications.standing import read_standing
from notifications.truth import Now, untrue_because

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Taken:
    """A notification that is this attempt's to send."""

    id: str
    delivery: int
    kind: Kind
    occasion: Occasion
    held: ledger.Held
    turns: tuple[Turn, ...]
    """What happened to the session that it may put into the recipient's calendar."""
    languages: tuple[Language, ...]
    """Those that the recipient reads, the first one first."""
    overrides: Mapping[Language, Override]
    """The office's own templates."""


@dataclass(frozen=True)
class Dispatch(Handover[Scene, Taken]):
    """Sends what a record reserved, if it is still true."""

    replies: ReplyAddresses | None = None
    """Where answers to emails about items go; ``None`` where no answers are taken."""

    async def _claim(self, session: AsyncSession, held: ledger.Held, about: Scene) -> Taken | None:
        if not held.open:
            return None
        now = self.clock()
        kind = KINDS.get(held.kind)
        if kind is None:
            log.error("unknown_kind", notification=held.id, kind=held.kind)
            await ledger.advance(session, held.id, "failed", "unknown_kind", now)
            return None
        task = held.task or kind.task
        recipient = await read_recipient(session, held.recipient_id)
        standing = await read_standing(session, held.engagement_id, held.item_id, task)
        state = Now(
            stage=standing.stage,
            recipient_active=recipient is not None and recipient.active,
            open_revision=standing.open_revision,
        )
        reason = untrue_because(kind.rule, task, held.revision, state)
        if recipient is not None and not reason:
            occasion = Occasion(
                about,
                recipient,
                self.office.public_url,
                kind=held.kind,
                rung=held.rung,
                task=task,
                text_id=held.text_id,
            )
            told = Told(None, "moved")
            if kind.holds(occasion):
                told = await courtesy(session, held, kind.category, occasion, now)
            if told.occasion is not None:
                require_window(told.occasion.calendar, now)
                turns = await read_turns(session, held.kind, held.item_id)
                languages = languages_of(told.language)
                overrides = await overrides_of(session, about.programme_id, kind.name)
                templates = named_versions(languages, overrides)
                delivery = await ledger.claim(session, held, self.sender.name, now, templates)
                return Taken(
                    held.id, delivery, kind, told.occasion, held, turns, languages, overrides
                )
            reason = told.reason
        await ledger.advance(session, held.id, "withheld", reason, now)
        return None

    def _write(self, taken: Taken) -> Ready:
        written = self._written(taken)
        return Ready(self._email(taken, written), written.template, written.trouble)

    def _written(self, taken: Taken) -> Written:
        contexts = {
            language: taken.kind.build(taken.occasion.in_language(language))
            for language in taken.languages
        }
        return write(taken.kind.name, contexts, taken.overrides)

    def _email(self, taken: Taken, written: Written) -> Email:
        occasion = taken.occasion.in_language(taken.languages[0])
        scene, recipient, rendered = occasion.scene, occasion.recipient, written.rendered
        sent_by = scene.titles.mail_from or self.office.mail_from
        return Email(
            notification_id=taken.id,
            kind=taken.kind.name,
            to_name=recipient.name,
            to_email=recipient.email,
            from_name=scene.titles.office,
            from_email=sent_by,
            reply_to=self._reply_to(taken),
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            programme=scene.programme_id,
            attempt=taken.delivery,
            invitation=invitation(
                occasion,
                taken.turns,
                sequence=taken.held.sequence,
                revision=taken.held.revision,
                sent_by=sent_by,
                now=self.clock(),
            ),
        )

    def _reply_to(self, taken: Taken) -> str:
        """An answer about an item goes to its timeline; any other to the programme's office."""
        if self.replies is None or taken.held.item_id == taken.held.engagement_id:
            return taken.occasion.scene.titles.reply_to
        return self.replies.address(taken.id)
