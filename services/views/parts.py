"""The parts that several answers share: people, members, tasks, items."""

from datetime import datetime

from notifications.titles import Titles
from notifications.words import item_title, task_words
from services.views.rows import ItemSummary, MemberRef, Ref, Task
from storage.queries.rows import ItemRow, MemberRow, Named, TaskRow


def ref(somebody: Named | None) -> Ref | None:
    """Somebody, or nobody."""
    return None if somebody is None else Ref(id=somebody.id, name=somebody.name)


def member_ref(member: MemberRow) -> MemberRef:
    """A member organisation."""
    return MemberRef(id=member.id, name=member.name, nation=member.nation, sample=member.sample)


def task_answer(
    task: TaskRow,
    titles: Titles,
    now: datetime,
    member: MemberRow | None = None,
    *,
    texts: bool,
) -> Task:
    """An open task in words. ``texts`` is whether its reader sees what people wrote."""
    words = task_words(task.family, task.key, titles, task.text if texts else "")
    return Task(
        item=task.item_id,
        engagement=task.engagement_id,
        member=member_ref(member) if member else None,
        key=task.key,
        title=words.title,
        what_to_do=words.todo,
        about=item_title(task.item_kind, task.item_key, titles),
        owner_role=task.owner_role,
        owner=ref(task.owner),
        due_at=task.due_at,
        health=task.health(now),
        revision=task.revision,
        opened_at=task.opened_at,
    )


def item_summary(item: ItemRow, titles: Titles) -> ItemSummary:
    """An item without its tasks."""
    return ItemSummary(
        id=item.id,
        kind=item.kind,
        key=item.key,
        title=item_title(item.kind, item.key, titles, item.data.get("number", "")),
        stage=item.stage,
        outcome=item.outcome,
        opened_at=item.opened_at,
        closed_at=item.closed_at,
        due_at=item.due_at,
        assignee=ref(item.assignee),
    )
