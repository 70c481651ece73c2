"""Why a notification shares one email with others: in sentences."""

from collections.abc import Iterator

from notifications.carrying import COLLAPSED
from notifications.company import Companion
from notifications.evidence import Evidence
from notifications.sentences import kind_title, notification_sentence, reason_sentence
from notifications.words import entry, fill, item_title, task_words


def told_together(evidence: Evidence) -> Iterator[str]:
    """Who speaks for it and what became of that, or for whom it speaks; nothing where it is
    alone."""
    words, company, row = entry("explain"), evidence.company, evidence.detail.row
    if company.carrier is not None:
        one = company.carrier
        fate = notification_sentence(one.kind, one.state, one.reason, row.recipient.name)
        yield fill(words["carried"], {"carrier": one.id, "fate": fate})
    elif row.reason == COLLAPSED:
        yield str(words["carried_unseen"])
    taken = [one for one in evidence.detail.attempts if one.outcome == "accepted" and one.detail]
    if taken and (company.carries or company.unseen):
        yield fill(words["left_out"], {"reason": reason_sentence(taken[-1].detail)})
    for one in company.carries:
        values = {"kind": kind_title(one.kind), "thing": _thing(evidence, one), "id": one.id}
        yield fill(words["carries"], values | {"member": one.member})
    if company.unseen:
        form = "one" if company.unseen == 1 else "other"
        yield fill(words["carries_unseen"][form], {"number": str(company.unseen)})


def _thing(evidence: Evidence, one: Companion) -> str:
    titles = evidence.scene.titles
    family = "action" if one.task.startswith("action:") else one.item_kind
    if one.task:
        return f"'{task_words(family, one.task, titles).title}'"
    return f"'{item_title(one.item_kind, one.item_key, titles)}'"
