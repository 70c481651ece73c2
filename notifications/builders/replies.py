"""Emails that pass on an answer by email."""

from notifications import context as c
from notifications.builders.shapes import letter, told
from notifications.occasion import Occasion
from notifications.scene import Happened
from programmes.facts import is_of_member


def reply(it: Occasion) -> c.Reply:
    """What somebody wrote in answer to an email."""
    found = it.fact("reply.received") or it.fact("reply.passed_on")
    fact = found or it.fact("reply.unverified")
    return c.Reply(
        **vars(told(it)),
        sender=it.scene.name_of(found.actor) if found else "",
        verified=found is not None,
        attachments=_attachments(fact),
        passes_on=found is not None and is_of_member(found.actor),
    )


def passed_on(it: Occasion) -> c.PassedOn:
    """What somebody of the office answered, for the contact whom it is for."""
    fact = it.fact("reply.passed_on")
    sender = it.scene.name_of(fact.actor) if fact else ""
    return c.PassedOn(**vars(told(it)), sender=sender or it.scene.titles.office)


def files_left_out(it: Occasion) -> c.FilesLeftOut:
    """For whoever sent files with their answer."""
    fact = it.fact("reply.received") or it.fact("reply.passed_on")
    return c.FilesLeftOut(**vars(letter(it)), attachments=_attachments(fact))


def _attachments(fact: Happened | None) -> int:
    return int(fact.data.get("attachments", "0")) if fact else 0
