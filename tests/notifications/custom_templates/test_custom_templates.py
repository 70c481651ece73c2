"""An office's own templates: used if active, and replaced if broken."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from notifications.custom_templates import keeping
from notifications.custom_templates.check import check
from notifications.custom_templates.draft import Draft
from notifications.custom_templates.preview import OVERRIDABLE, real_context, show
from notifications.custom_templates.samples import edges, sample
from notifications.custom_templates.trial import NothingToTry, Trial, send_test, try_out
from notifications.custom_templates.writing import BROKEN, write
from notifications.delivery.preferences import language_of
from notifications.kinds import KINDS
from programmes.vocabulary import LANGUAGES, Language, Mode
from settings import Settings
from storage.database import Database
from storage.master import Missing
from storage.master.checks import NewChoices
from storage.master.choices import set_choices
from storage.master.templates import activate_template
from storage.sql import events, notifications, template_overrides
from tests.notifications.office import IGN, NOW, SETTINGS, Post, closing, record, reminder, task
from tests.storage.fixtures import database_url as database_url
from tests.storage.office import Rows

WELCOME = KINDS["research.reminder"]
DRAFT = Draft(
    subject="Cofiwch: {{ task }}",
    text="{{ to }}, {{ task }} {{ by }}\n{{ link }}",
    html='<p>{{ to }}: <a href="{{ link }}">{{ task }}</a> {{ by }}</p>',
)


async def put(
    database: Database, draft: Draft = DRAFT, language: Language = "en", *, activate: bool = True
) -> int:
    async with database.transaction() as session:
        return await keeping.put(
            session, "per_manager", NOW, IGN, WELCOME, language, draft, activate=activate
        )


async def stored(database: Database) -> tuple[str, str]:
    """The template of the one notification, and its trouble."""
    async with database.reading() as session:
        row = (await session.execute(notifications.select())).one()
        return row.template, row.template_trouble


async def sent(database: Database) -> Any:
    """The one email that a reminder becomes."""
    post = Post(database)
    one = record(1, reminder(), tasks=(task(),))
    await post.write(one)
    await post.deliver(one)
    [mail] = await post.mails()
    return mail


class TestSending:
    async def test_without_an_override_the_built_in_words_are_noted(
        self, database: Database
    ) -> None:
        await sent(database)
        assert await stored(database) == ("en:0", "")

    async def test_an_active_override_is_what_people_read_and_is_noted(
        self, database: Database
    ) -> None:
        await put(database)
        mail = await sent(database)
        assert mail.subject == "Cofiwch: Triage the request"
        assert "Tuesday 19 January 2027" in mail.text
        assert "<h1" in mail.html
        assert "Hello" not in mail.html
        assert await stored(database) == ("en:1", "")

    async def test_one_that_is_only_stored_changes_nothing(self, database: Database) -> None:
        await put(database, activate=False)
        assert "Reminder" in (await sent(database)).subject
        assert await stored(database) == ("en:0", "")

    async def test_a_part_that_is_left_out_is_the_built_in_one(self, database: Database) -> None:
        await put(database, Draft(subject="Own: {{ task }}"))
        mail = await sent(database)
        assert mail.subject.startswith("Own: ")
        assert mail.text.startswith("Hello ")

    @pytest.mark.parametrize("broken", ["{{ gone }} {{ link }}", "{% if %}", "  ", "{{ 1 // 0 }}"])
    async def test_a_broken_one_gives_way_to_the_built_in_one_and_shows(
        self, database: Database, broken: str
    ) -> None:
        await put(database)
        async with database.transaction() as session:  # as an older version might have left it
            await session.execute(update(template_overrides).values(text=broken or " "))
        mail = await sent(database)
        if broken.strip():
            assert mail.text.startswith("Hello ")
            assert await stored(database) == ("en:0", BROKEN)
        else:
            assert mail.text.startswith("Hello ")
            assert await stored(database) == ("en:1", "")

    @pytest.mark.parametrize(
        ("mode", "noted"), [("en", "en:0"), ("cy", "cy:0"), ("both", "cy:0,en:0")]
    )
    async def test_each_recipient_gets_it_in_their_language(
        self, database: Database, mode: Mode, noted: str
    ) -> None:
        async with database.transaction() as session:
            assert await language_of(session, "per_manager") == "en"
            chosen = NewChoices(language=mode)
            await set_choices(session, "per_manager", NOW, "per_manager", chosen)
            assert await language_of(session, "per_manager") == mode
        mail = await sent(database)
        assert ("Nodyn atgoffa" in mail.subject) == (mode != "en")
        assert ("Reminder" in mail.subject) == (mode != "cy")
        assert ("dydd Mawrth 19 Ionawr 2027" in mail.text) == (mode != "en")
        assert ("Tuesday 19 January 2027" in mail.text) == (mode != "cy")
        assert mail.from_name == (
            "Inclusive Growth Network" if mode == "en" else "Rhwydwaith Twf Cynhwysol"
        )
        assert await stored(database) == (noted, "")

    def test_a_broken_welsh_side_leaves_the_english_override_in_use(self) -> None:
        from notifications.custom_templates.draft import Override

        contexts = {one: sample(WELCOME, one) for one in ("cy", "en")}
        written = write(
            WELCOME.name,
            contexts,  # type: ignore[arg-type]
            {
                "cy": Override("cy", 4, Draft(text="{{ gone }}")),
                "en": Override("en", 2, Draft(subject="Mine")),
            },
        )
        assert written.template == "cy:0,en:2"
        assert written.trouble == BROKEN
        assert written.rendered.subject.endswith(" / Mine")


class TestKeeping:
    async def test_versions_count_up_and_are_activated_and_rolled_back(
        self, database: Database
    ) -> None:
        assert await put(database) == 1
        assert await put(database, replace(DRAFT, subject="Two")) == 2
        async with database.transaction() as session:
            assert await keeping.draft_of(session, IGN, WELCOME, "en") == replace(
                DRAFT, subject="Two"
            )
            args = (session, "per_manager", NOW, IGN, WELCOME, "en")
            assert [await keeping.roll_back(*args) for _ in range(3)] == [1, 0, 0]  # type: ignore[arg-type]
            assert await keeping.draft_of(session, IGN, WELCOME, "en") == Draft()
            assert await keeping.draft_of(session, IGN, WELCOME, "en", 1) == DRAFT
            assert await keeping.draft_of(session, IGN, WELCOME, "en", 9) is None
            kinds = [row.kind for row in await session.execute(events.select())]
        assert kinds.count("template.added") == 2
        assert kinds.count("template.activated") == 5

    async def test_a_faulty_draft_is_never_stored(self, database: Database) -> None:
        with pytest.raises(keeping.FaultyDraft) as caught:
            await put(database, Draft(text="{{ membr }}"))
        assert "Did you mean 'member'?" in str(caught.value)
        async with database.reading() as session:
            assert (await session.execute(template_overrides.select())).all() == []

    async def test_there_is_nothing_to_store_or_activate_in_what_does_not_exist(
        self, database: Database
    ) -> None:
        async with database.transaction() as session:
            with pytest.raises(Missing):
                await keeping.put(session, "per_x", NOW, "nowhere", WELCOME, "en", DRAFT)
            for programme, version in ((IGN, 7), ("nowhere", 0)):
                with pytest.raises(Missing):
                    await activate_template(
                        session, "per_x", NOW, programme, WELCOME.name, "en", version
                    )

    @pytest.mark.parametrize("language", LANGUAGES)
    @pytest.mark.parametrize("kind", OVERRIDABLE.values(), ids=OVERRIDABLE)
    def test_the_built_in_templates_pass_their_own_check(
        self, kind: Any, language: Language
    ) -> None:
        assert check(kind, language, keeping.built_in(kind, language)) == ()


class TestPreview:
    async def test_it_shows_an_email_that_the_engagement_got(self, database: Database) -> None:
        await sent(database)
        async with database.reading() as session:
            context, source = await real_context(session, WELCOME, "eng_1", "cy", SETTINGS, NOW)
        shown = show(WELCOME, context, source, "cy", DRAFT)
        assert shown.source == "engagement"
        assert shown.rendered.subject == "Cofiwch: Brysbennu'r cais"
        assert "Mair Evans" in shown.rendered.text

    async def test_it_shows_names_and_samples_where_there_was_none(
        self, database: Database
    ) -> None:
        await Post(database).write(closing(1, "active"))
        async with database.reading() as session:
            context, source = await real_context(session, WELCOME, "eng_1", "en", SETTINGS, NOW)
        assert source == "partly"
        assert (context.member, context.link[-5:]) == ("Cardiff", "eng_1")

    @pytest.mark.parametrize(("kind", "who"), [("member", "Lena Price"), ("manager", "Mair Evans")])
    async def test_a_summary_says_what_its_reader_would_get_today(
        self, database: Database, kind: str, who: str
    ) -> None:
        asked = record(1, tasks=(task("answer", "lead"), task("triage")))
        await Post(database).write(asked)
        async with database.reading() as session:
            of = OVERRIDABLE[f"digest.{kind}"]
            context, source = await real_context(session, of, "eng_1", "en", SETTINGS, NOW)
        shown = show(of, context, source, "en", None)
        assert shown.source == "engagement"
        assert who in shown.rendered.text
        assert "Research request 1" in shown.rendered.text

    async def test_an_engagement_that_does_not_exist_is_an_error(self, database: Database) -> None:
        async with database.reading() as session:
            with pytest.raises(LookupError):
                await real_context(session, WELCOME, "eng_9", "en", SETTINGS, NOW)


class TestTrial:
    @pytest.mark.parametrize(
        ("options", "what", "named"),
        [
            ({"programme_id": "nowhere"}, "programme", "nowhere"),
            ({"version": 7}, "version", 7),
            ({"engagement_id": "eng_9"}, "engagement", "eng_9"),
            ({"engagement_id": "eng_1", "programme_id": "tour"}, "engagement", "eng_1"),
        ],
    )
    async def test_a_missing_version_or_engagement_is_an_error(
        self, database: Database, options: dict[str, Any], what: str, named: object
    ) -> None:
        rows = Rows()
        rows.programme("tour")
        async with database.transaction() as session:
            await rows.write(session)
            trial = Trial(**{"programme_id": IGN, "kind": WELCOME, "language": "cy", **options})
            with pytest.raises(NothingToTry) as nothing:
                await try_out(session, trial, SETTINGS.public_url, NOW)
        assert (nothing.value.what, nothing.value.named) == (what, named)

    async def test_a_test_goes_to_a_person_of_the_office_alone(self, database: Database) -> None:
        trial = Trial(IGN, WELCOME, "cy", DRAFT)
        sent_with = Settings(sender="mailbox")
        async with database.reading() as session:
            shown = await try_out(session, trial, SETTINGS.public_url, NOW)
        name = await send_test(database, sent_with, trial, shown, "per_manager")
        assert name == "Mair Evans"
        for other in ("con_lead", "per_unheard_of"):
            with pytest.raises(NothingToTry, match=other):
                await send_test(database, sent_with, trial, shown, other)
        [mail] = await Post(database).mails()
        assert (mail.to_name, mail.subject) == ("Mair Evans", "Test: Cofiwch: Ateb ein cwestiwn")


@pytest.mark.parametrize("kind", OVERRIDABLE.values(), ids=OVERRIDABLE)
def test_samples_are_whole_contexts_of_their_kind(kind: Any) -> None:
    for context in (sample(kind, "cy"), *edges(kind, "en")):
        assert isinstance(context, kind.context)
