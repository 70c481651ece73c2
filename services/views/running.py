"""What a member's running engagements do with its blackouts: emails obey them, dates stay."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from notifications.digests.reading import ListedTask, tasks_of_engagement
from notifications.words import Titles, item_title, parsed_in_thread, task_words
from programmes.calendar import Blackout, WorkingCalendar, blackouts_from_json, calendar_from_json
from services.backend import Backend
from services.permissions import Actor, require
from services.problems import Problem
from services.views.office import MemberDetail
from services.views.plan import planned
from services.views.rows import MEMBER, example
from storage.queries.members import running_of, show_member

NO_BLACKOUTS = (
    "Its programme sends emails at any time, and it has no days off: blackouts do not apply."
)
HELD = (
    "Its emails obey the member's blackouts at once. An email that would leave in a blackout"
    " leaves once after it."
)
PLANNED_WITHOUT = (
    "It was planned without the blackout from {first} to {last}. Its dates stay as they are."
)
PLANNED_AROUND = (
    "It was planned around a blackout from {first} to {last}, which has changed since. Its dates"
    " stay as they are. Emails that it planned for the end of that period leave then."
)
MOVE = "Dates that fall in a blackout: {count}. Move those that cannot be met."


class DateInside(BaseModel):
    """A date that falls in a blackout."""

    title: str
    about: str = Field(description="The process that the date belongs to.")
    due_at: datetime


class RunningEngagement(BaseModel):
    """What one running engagement does with the member's blackouts."""

    id: str
    programme: str
    says: list[str]
    dates_inside: list[DateInside]


@dataclass(kw_only=True)
class EditedMember(MemberDetail):
    """A member as it is after an edit, and what the edit does to its running engagements."""

    __pydantic_config__: ClassVar[ConfigDict] = example(
        {
            **MEMBER,
            "contacts": [],
            "blackouts": [{"first": "2027-03-22", "last": "2027-05-06", "reason": "Election"}],
            "running": [
                {
                    "id": "eng_e8fgh2jk3m5q7ab2c4d6",
                    "programme": "inclusive-growth-network",
                    "says": [
                        HELD,
                        PLANNED_WITHOUT.format(first="2027-03-22", last="2027-05-06"),
                        MOVE.format(count=1),
                    ],
                    "dates_inside": [
                        {
                            "title": "Sign the agreement",
                            "about": "Onboarding",
                            "due_at": "2027-03-25T17:00:00Z",
                        }
                    ],
                }
            ],
        }
    )
    running: Annotated[
        list[RunningEngagement],
        Field(
            description="What each running engagement does with the blackouts of this edit. Empty"
            " if the edit sets none, or if no engagement runs: the next one is planned around them."
        ),
    ]


async def running_engagements(
    backend: Backend, actor: Actor, member_id: str
) -> list[RunningEngagement]:
    """What each running engagement does with the blackouts that the member has today."""
    require(actor, "edit_member")
    async with backend.database.reading() as session:
        found = await show_member(session, member_id)
        running = await running_of(session, member_id)
    if found is None:
        raise Problem("not-found")
    blackouts = blackouts_from_json(found.blackouts)
    engagements = []
    for row in running:
        calendar = calendar_from_json(row.calendar)
        if calendar.always_open:
            says, inside = [NO_BLACKOUTS], []
        else:
            inside = await _inside(backend, actor, row.id, row.source, calendar, blackouts)
            says = list(_says(calendar, blackouts, len(inside), backend.now()))
        engagements.append(
            RunningEngagement(id=row.id, programme=row.programme_id, says=says, dates_inside=inside)
        )
    return engagements


def _says(
    calendar: WorkingCalendar, blackouts: Sequence[Blackout], inside: int, now: datetime
) -> Iterator[str]:
    today = calendar.local_date(now)
    yield HELD
    for one in _not_covered(blackouts, calendar.blackouts, today):
        yield PLANNED_WITHOUT.format(first=one.first, last=one.last)
    for one in _not_covered(calendar.blackouts, blackouts, today):
        yield PLANNED_AROUND.format(first=one.first, last=one.last)
    if inside:
        yield MOVE.format(count=inside)


def _not_covered(
    these: Iterable[Blackout], by: Sequence[Blackout], today: date
) -> Iterator[Blackout]:
    """Those that are not over yet and that no other one includes."""
    for one in these:
        if one.last >= today and not any(b.first <= one.first and one.last <= b.last for b in by):
            yield one


async def _inside(
    backend: Backend,
    actor: Actor,
    engagement_id: str,
    source: str,
    calendar: WorkingCalendar,
    blackouts: Sequence[Blackout],
) -> list[DateInside]:
    """The dates of open tasks, and of items that open later, in one of the blackouts."""
    _, titles = await parsed_in_thread(source)
    async with backend.database.reading() as session:
        dates = [
            _open_date(one, titles) for one in await tasks_of_engagement(session, engagement_id)
        ]
    for item in (await planned(backend, actor, engagement_id)).items:
        if item.opens_at > backend.now():
            dates += [
                DateInside(title=one.title, about=item.title, due_at=one.due_at)
                for one in item.deadlines
            ]
    found = [
        one
        for one in dates
        if one.due_at > backend.now()
        and any(b.first <= calendar.local_date(one.due_at) <= b.last for b in blackouts)
    ]
    return sorted(found, key=lambda one: (one.due_at, one.about, one.title))


def _open_date(one: ListedTask, titles: Titles) -> DateInside:
    task = one.task
    return DateInside(
        title=task_words(task.family, task.key, titles, task.text).title,
        about=item_title(task.item_kind, task.item_key, titles, one.number),
        due_at=task.due_at,
    )
