"""The email that stands for several late ones."""

from notifications import context as c
from notifications.builders.research import request_of
from notifications.builders.shapes import is_outside, letter
from notifications.links import link_to
from notifications.occasion import Occasion
from notifications.words import why_sentence


def catch_up(it: Occasion) -> c.CatchUp:
    """What several late emails ask for: each task once, with whatever words they pass on."""
    told: dict[tuple[str, str], list[Occasion]] = {}
    for one in sorted(it.carries, key=lambda one: one.open_task().due_at):
        told.setdefault((one.scene.item_id, one.task), []).append(one)
    outside = is_outside(it)
    common = vars(letter(it)) | {"item": it.scene.titles.programme}
    if outside:
        common |= {"member": "", "link": it.public_url.rstrip("/")}
        if it.instead_of is None:
            common |= {"why": why_sentence("team_digest", "", it.language)}
    else:
        common |= {"link": link_to(it.public_url, it.scene.engagement_id)}
    return c.CatchUp(
        **common,
        since=it.scene.clock.due(it.since) if it.since else "",
        things=tuple(_waiting(group, outside=outside) for group in told.values()),
    )


def _waiting(group: list[Occasion], *, outside: bool) -> c.Waiting:
    it = group[-1]
    task = it.open_task()
    words, mine = it.task_words(task), it.is_mine(task)
    passed_on = [one.words for one in group]
    if any(one.kind == "research.new" for one in group):
        passed_on.append(request_of(it))
    return c.Waiting(
        task=words.title,
        item=it.item_title(),
        by=it.scene.clock.due(task.due_at),
        link=it.link(),
        todo=words.todo if mine else "",
        owner="" if mine else it.scene.name_of(task.owner_id),
        member=it.scene.member if outside else "",
        words=next((one for one in passed_on if one), None),
    )
