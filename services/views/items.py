"""Items as the API shows them: one with its tasks and texts, and lists of one kind."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from notifications.titles import Titles
from services.access import sight
from services.backend import Backend
from services.permissions import Actor
from services.problems import Problem
from services.views.parts import item_summary, member_ref, ref, task_answer
from services.views.rows import Action, Check, Item, ListedItem, Step, WrittenText
from storage.queries import items as stored
from storage.queries.items import ItemDetail, TextRow, show_item


async def item(backend: Backend, actor: Actor, item_id: str, kind: str = "") -> Item:
    """One item, of that kind. Raises the problem ``not-found``."""
    async with backend.database.reading() as session:
        found = await show_item(session, item_id, visible_to=sight(actor))
    if found is None or (kind and found.item.kind != kind):
        raise Problem("not-found")
    voice = await backend.definitions.voice(found.programme_id, found.programme_version)
    return _answer(found, voice.titles, backend.now(), shown=actor.reads_texts)


async def listed(backend: Backend, rows: Sequence[stored.ListedItem]) -> list[ListedItem]:
    """The rows of a list."""
    answers = []
    for row in rows:
        voice = await backend.definitions.voice(row.programme_id, row.programme_version)
        summary = item_summary(row.item, voice.titles)
        answers.append(
            ListedItem(
                **summary.model_dump(),
                engagement=row.item.engagement_id,
                member=member_ref(row.member),
            )
        )
    return answers


def _answer(found: ItemDetail, titles: Titles, now: datetime, *, shown: bool) -> Item:
    data = found.item.data
    texts = {name: _written(text) for name, text in found.texts.items()} if shown else {}
    parts = ("step:", "check:", "action:", "date:")
    return Item(
        **item_summary(found.item, titles).model_dump(),
        engagement=found.item.engagement_id,
        member=member_ref(found.member),
        details={
            name: value
            for name, value in data.items()
            if value and name not in found.texts and not name.startswith(parts)
        },
        texts={name: text for name, text in texts.items() if not name.startswith(parts)},
        steps=_steps(data, titles),
        checklist=_checklist(found.item.key, data, texts, titles),
        dates=[
            datetime.fromisoformat(value)
            for name, value in sorted(data.items())
            if name.startswith("date:")
        ],
        actions=_actions(data, texts),
        tasks=[task_answer(task, titles, now, texts=shown) for task in found.tasks],
        sequence=found.item.sequence,
    )


def _written(text: TextRow) -> WrittenText:
    return WrittenText(
        text=text.body,
        title=text.title,
        link=text.link,
        author=ref(text.author),
        written_at=text.created_at,
    )


def steps_done(data: Mapping[str, str]) -> dict[str, datetime]:
    """When each step of an onboarding that is over was done or waived, by its key."""
    return {
        name.removeprefix("step:").removesuffix(":at"): datetime.fromisoformat(at)
        for name, at in data.items()
        if name.startswith("step:") and name.endswith(":at")
    }


def _steps(data: dict[str, str], titles: Titles) -> list[Step]:
    done = steps_done(data)
    steps = []
    for name, state in data.items():
        group, _, key = name.partition(":")
        if group == "step" and not key.endswith(":at"):
            step = Step(key=key, title=titles.step(key), state=state, ended_at=done.get(key))
            steps.append(step)
    return steps


def _checklist(
    review: str, data: dict[str, str], texts: dict[str, WrittenText], titles: Titles
) -> list[Check]:
    return [
        Check(
            key=name.removeprefix("check:"),
            title=titles.check(review, name.removeprefix("check:")),
            done=bool(value),
            evidence=texts.get(name),
        )
        for name, value in data.items()
        if name.startswith("check:")
    ]


def _actions(data: dict[str, str], texts: dict[str, WrittenText]) -> list[Action]:
    return [
        Action(
            id=name.removeprefix("action:"),
            state=state,
            owner=data.get(f"{name}:owner", ""),
            due=date.fromisoformat(data[f"{name}:due"]),
            text=texts[f"{name}:text"].text if f"{name}:text" in texts else None,
        )
        for name, state in data.items()
        if name.startswith("action:") and name.count(":") == 1
    ]
