"""How an engagement stands, in words: its health, and the task that explains it."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from commands.catalogue import say
from notifications.sentences import UK, health_sentence
from notifications.titles import Titles, parsed
from notifications.words import item_title, task_words
from programmes.health import Health
from storage.queries.programmes import show_programme
from storage.queries.rows import ItemRow, Named, TaskRow

Programme = tuple[str, int]
"""A programme's id and version."""


async def titles_by_programme(
    session: AsyncSession, programmes: set[Programme]
) -> Mapping[Programme, Titles]:
    """What each of these programmes calls its parts."""
    titles: dict[Programme, Titles] = {}
    for programme_id, version in programmes:
        row = await show_programme(session, programme_id, version)
        titles[programme_id, version] = (
            parsed(row.source)[1] if row else Titles(programme=programme_id)
        )
    return titles


def reason(health: Health, task: TaskRow | None, titles: Titles) -> str:
    """Why it stands so, in the words of the emails and the API."""
    if task is None:
        return health_sentence(health, UK)
    owner = who(task.owner, task.owner_role)
    return health_sentence(health, UK, task=task_title(task, titles), owner=owner, due=task.due_at)


def task_title(task: TaskRow, titles: Titles) -> str:
    """What the task is called."""
    return task_words(task.family, task.key, titles, task.text).title


def item_name(item: ItemRow, titles: Titles) -> str:
    """What the item is called."""
    return item_title(item.kind, item.key, titles, item.data.get("number", ""))


def who(person: Named | None, role: str) -> str:
    """The person's name, or the role that nobody holds."""
    return person.name if person and person.name else say("standing.nobody", role=role)
