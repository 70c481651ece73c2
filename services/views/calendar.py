"""One person's calendar: the open deadlines and fixed sessions, under the ids that emails use."""

from datetime import datetime

from notifications.calendar.ical import Entry, Person, calendar_text, uid_of
from notifications.calendar.invitations import SENDS_IN
from notifications.content.message import link_to
from notifications.delivery.preferences import first_language_of
from notifications.words import entry, fill, item_title, task_words
from programmes.vocabulary import Language
from services.backend import Backend
from services.permissions import Actor, require, visibility
from storage.queries.access import names_of
from storage.queries.calendar import DueRow, SessionRow, due, sessions


async def my_calendar(backend: Backend, actor: Actor) -> str:
    """The caller's ``VCALENDAR``, in the chosen language. It changes with its entries, not with
    time."""
    require(actor, "show_my_calendar")
    async with backend.database.reading() as session:
        open_tasks = await due(session, actor.holder_id, visibility(actor))
        fixed = await sessions(session, actor.holder_id, visibility(actor))
        named = {row.adviser_id for row in fixed if row.adviser_id}
        names = await names_of(session, sorted(named))
        language = await first_language_of(session, actor.holder_id)
    entries = [await _due(backend, actor, row, language) for row in open_tasks]
    for row in fixed:
        adviser = names.get(row.adviser_id or "", "") if actor.member_id else ""
        entries.append(await _session(backend, row, adviser or row.member, language))
    name = fill(entry("calendar", language=language)["name"], {"name": actor.name})
    return calendar_text("PUBLISH", entries, name)


async def _due(backend: Backend, actor: Actor, row: DueRow, language: Language) -> Entry:
    voice = await backend.definitions.voice(row.programme_id, row.programme_version, language)
    task, titles, clock = row.task, voice.titles, voice.clock
    url = backend.settings.public_url
    # The email about a review's date puts the same entry into the calendar.
    about_item = task.item_kind == "review" and task.key in SENDS_IN
    link = link_to(url, task.engagement_id, task.item_id, task.key)
    agreed = task.text if actor.reads_texts else ""
    values = {
        "task": task_words(task.family, task.key, titles, agreed).title,
        "item": item_title(task.item_kind, task.item_key, titles, row.number),
        "member": row.member,
        "programme": titles.programme,
        "link": link,
    }
    words = entry("calendar", "due", language=language)
    return Entry(
        uid=uid_of(url, task.item_id, "" if about_item else task.key),
        sequence=row.sequence if about_item else task.revision,
        stamp=row.changed_at,
        start=task.due_at if clock.to_the_minute else clock.local_date(task.due_at),
        zone=clock.zone,
        summary=fill(words["title"], values),
        description=fill(words["text"], values),
        link=link,
        organiser=Person(titles.office, titles.reply_to or backend.settings.mail_from),
    )


async def _session(backend: Backend, row: SessionRow, who: str, language: Language) -> Entry:
    voice = await backend.definitions.voice(row.programme_id, row.programme_version, language)
    url, titles = backend.settings.public_url, voice.titles
    link = link_to(url, row.engagement_id, row.item_id)
    words = entry("calendar", "session", language=language)
    return Entry(
        uid=uid_of(url, row.item_id),
        sequence=row.sequence,
        stamp=row.changed_at,
        start=datetime.fromisoformat(row.session),
        zone=voice.clock.zone,
        summary=fill(words["title"], {"who": who}),
        description=fill(words["text"], {"programme": titles.programme, "link": link}),
        link=link,
        organiser=Person(titles.office, titles.reply_to or backend.settings.mail_from),
    )
