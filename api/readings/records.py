"""The past as the API shows it: the timeline and the ledger of notifications."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from api.permissions import Actor
from api.readings.parts import ref
from api.readings.words import may_read
from api.schemas.records import Notification, TimelineEntry
from notifications.sentences import (
    Reader,
    fact_sentence,
    notification_sentence,
    reason_sentence,
)
from programmes.facts import MILEPOST
from storage.queries.notifications import NotificationRow
from storage.queries.timeline import TimelineRow

_HOLDERS = ("con_", "per_")


def mentioned(rows: Iterable[TimelineRow]) -> Sequence[str]:
    """Ids of the people whom events name in their details: a researcher, an owner."""
    return sorted(
        {value for row in rows for value in row.data.values() if value.startswith(_HOLDERS)}
    )


def timeline_entry(actor: Actor, row: TimelineRow, reader: Reader) -> TimelineEntry:
    """Something that happened, or what became of a notification, in a sentence."""
    who = None if row.who is None or row.who.id == MILEPOST else row.who
    return TimelineEntry(
        at=row.at,
        entry=row.entry,
        kind=row.kind,
        sentence=_sentence(row, reader),
        item=row.item_id,
        who=ref(who),
        state=row.state,
        data=row.data,
        text=row.text if may_read(actor, row) else None,
    )


def _sentence(row: TimelineRow, reader: Reader) -> str:
    name = row.who.name if row.who else ""
    if row.entry == "notification":
        return notification_sentence(row.kind, row.state, row.reason, name)
    if row.who and name:
        reader = replace(reader, names={**reader.names, row.who.id: name})
    return fact_sentence(
        row.kind,
        row.data,
        reader,
        actor=row.who.id if row.who else MILEPOST,
        item_kind=row.item_kind,
        item_key=row.item_key,
    )


def notification(row: NotificationRow) -> Notification:
    """One notification of the ledger."""
    return Notification(
        id=row.id,
        item=row.item_id,
        kind=row.kind,
        task=row.task,
        recipient=ref(row.recipient) if row.recipient.name else None,
        state=row.state,
        reason=reason_sentence(row.reason),
        template=row.template,
        template_trouble=reason_sentence(row.template_trouble),
        not_before=row.not_before,
        reserved_at=row.reserved_at,
        changed_at=row.changed_at,
    )
