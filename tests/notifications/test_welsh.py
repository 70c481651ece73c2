"""Readers of Welsh get no English sentence of Milepost's, in any email."""

import re
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from notifications.content.context import Ask, StepReady
from notifications.custom_templates.draft import Draft, Override
from notifications.custom_templates.writing import write
from notifications.digests.planning import reserve_digests
from notifications.digests.sending import DigestSending
from notifications.senders.mailbox import Mailbox
from notifications.sentences import (
    Clock,
    Reader,
    fact_sentence,
    health_sentence,
    kind_title,
    notification_sentence,
    reason_sentence,
)
from notifications.words import (
    InEnglish,
    Titles,
    catalogue,
    lower_first,
    soft,
    task_words,
    titles_of,
)
from programmes.loader import load_definition
from programmes.vocabulary import Digest, Language
from storage.database import Database
from storage.master.suppressions import suppress
from storage.sql import notifications, texts
from storage.tables import MailboxMessage
from tests.notifications.content.test_kinds import all_told
from tests.notifications.delivery.test_recipient import choose
from tests.notifications.office import (
    NOW,
    SETTINGS,
    Post,
    definition,
    record,
    reminder,
    task,
)
from tests.notifications.office import (
    source as ign,
)

RECIPIENTS = (
    *("con_lead", "con_second", "per_manager", "per_adviser", "per_researcher", "per_funder"),
)
FEW_WORDS = 3
NO_WORDS_OF_OURS = re.compile(r"https?://\S+|\S+@\S+|[\"'“”]")


def both(mail: MailboxMessage) -> tuple[list[str], list[str]]:
    """The Welsh and the English lines of one email in both."""
    _, welsh, english = re.split(r"^(?:CYMRAEG|ENGLISH).*$", mail.text, flags=re.MULTILINE)
    return welsh.splitlines(), english.splitlines()


def same_sentences(mail: MailboxMessage, spoken: set[str]) -> Iterator[str]:
    """Lines of more than a few words that both languages share, without those that people wrote."""
    welsh, english = both(mail)
    for line in set(welsh) & set(english):
        bare = NO_WORDS_OF_OURS.sub("", line).strip(" >-")
        if len(bare.split()) > FEW_WORDS and bare not in spoken:
            yield f"{mail.kind}: {line}"


@pytest.fixture
async def bilingual(database: Database) -> Database:
    for one in RECIPIENTS:
        await choose(database, one, language="both")
    return database


async def spoken(database: Database) -> set[str]:
    """The lines that people wrote themselves."""
    async with database.reading() as session:
        bodies = (await session.execute(select(texts.c.body))).scalars().all()
    return {NO_WORDS_OF_OURS.sub("", line) for body in bodies for line in body.splitlines()}


async def test_no_email_that_any_process_sends_says_a_sentence_of_ours_in_english_to_both(
    bilingual: Database,
) -> None:
    mails = await all_told(bilingual)
    assert len({mail.kind for mail in mails}) > 40
    theirs = await spoken(bilingual)
    assert [line for mail in mails for line in same_sentences(mail, theirs)] == []


@pytest.mark.parametrize("digest", ["manager", "member"])
async def test_no_summary_says_a_sentence_of_ours_in_english_to_both(
    bilingual: Database, digest: Digest
) -> None:
    post, at = Post(bilingual), datetime(2027, 2, 1, 10, tzinfo=NOW.tzinfo)
    mine = task("submit", "lead", family="review")
    await post.write(
        record(1, reminder("triage/early", "lead"), tasks=(task(), mine)),
        record(1, reminder("triage/early"), tasks=(task(),), item="itm_2", key="2"),
        record(2, item="itm_2", key="2", stage="closed", tasks=(), closed_at=at),
    )
    async with bilingual.transaction() as session:
        await suppress(session, NOW, "con_second@example.org", reason="bounced")
        await session.execute(
            notifications.update()
            .where(notifications.c.recipient_id == "con_lead")
            .values(state="bounced", reason="bounce_5.1.1")
        )
        ids = await reserve_digests(session, definition(), digest, at, at)
    sending = DigestSending(bilingual, Mailbox(bilingual, lambda: at), SETTINGS, lambda: at, "s")
    for id in ids:
        await sending.send(id, None)
    mails = [mail for mail in await post.mails() if mail.kind == f"digest.{digest}"]
    assert mails
    theirs = await spoken(bilingual)
    assert [line for mail in mails for line in same_sentences(mail, theirs)] == []
    if digest == "manager":
        assert "Nid oes cyfeiriad o'r fath. Gwiriwch ef." in mails[0].text
        assert "There is no such address. Check it." in mails[0].text


class TestAProgrammeWithoutWelsh:
    """Its own words are in English in a Welsh email, and marked to be read aloud as such."""

    @pytest.fixture
    def plain(self) -> Titles:
        source = re.sub(
            r"(?m)^( +)title:\n +en: Sign the (.*)\n +cy: .*", r"\1title: Sign <the> \2", ign()
        )
        assert "title: Sign <the>" in source
        return titles_of(load_definition(source, "plain"), "cy")

    def letter(self, titles: Titles) -> StepReady:
        words = task_words("onboarding", "step:agreement", titles)
        named = {field.name: "" for field in fields(Ask)}
        named |= {"task": words.title, "todo": words.todo, "link": "https://x.example"}
        return StepReady(**named, outside=False)

    @pytest.mark.parametrize("own", [False, True])
    def test_html_marks_them_and_text_has_them_as_they_are(self, plain: Titles, own: bool) -> None:
        kind, letter = "onboarding.step_ready", self.letter(plain)
        draft = Draft(html='{% extends "layout.html" %}{% block body %}{{ task }}{% endblock %}')
        overrides = {"cy": Override("cy", 1, draft)} if own else {}
        written = write(kind, {"cy": letter}, overrides)  # type: ignore[arg-type]
        assert written.trouble == ""
        title = "Sign &lt;the&gt; membership agreement"
        assert f'<span lang="en-GB">{title}</span>' in written.rendered.html
        assert "Sign <the> membership agreement" in written.rendered.text
        assert "span" not in written.rendered.text + written.rendered.subject

    def test_what_has_welsh_is_not_marked(self) -> None:
        letter = self.letter(titles_of(definition(), "cy"))
        html = write("onboarding.step_ready", {"cy": letter}, {}).rendered.html
        assert "Llofnodi'r cytundeb" in html.replace("&#39;", "'")
        assert "en-GB" not in html

    def test_english_is_not_marked_in_english(self, plain: Titles) -> None:
        del plain
        letter = self.letter(titles_of(definition(), "en"))
        assert "<span" not in write("onboarding.step_ready", {"en": letter}, {}).rendered.html

    def test_it_is_not_changed_in_the_middle_of_a_welsh_sentence(self, plain: Titles) -> None:
        title = plain.step("agreement")
        assert isinstance(title, InEnglish)
        assert soft(title, "cy") == lower_first(title, "cy") == title


def reader(language: Language) -> Reader:
    return Reader(titles_of(definition(), language), Clock("Europe/London", language=language))


class TestSentences:
    """What the API says of the past and of how things stand, in the language of its reader."""

    def test_a_fact(self) -> None:
        welsh = replace(reader("cy"), names={"con_lead": "Lena Price"})
        said = fact_sentence(
            "onboarding.step_completed",
            {"step": "contacts", "done_on": "2027-01-12"},
            welsh,
            actor="con_lead",
        )
        assert said == (
            "Nododd Lena Price fod y cam 'Enwi eich prif gyswllt a'ch cysylltiadau' wedi'i gwblhau "
            "(dyddiad: dydd Mawrth 12 Ionawr 2027)."
        )
        assert fact_sentence("review.submitted", {}, welsh, actor="con_gone") == (
            "Anfonodd Rhywun yr adolygiad."
        )

    def test_what_became_of_an_email(self) -> None:
        assert kind_title("research.delivered", "cy") == "Ymchwil wedi'i chyflwyno"
        assert reason_sentence("bounce_4.2.1", "cy").startswith("Gwrthododd y gweinydd")
        assert "(cod 4.2.1)" in reason_sentence("bounce_4.2.1", "cy")
        assert notification_sentence("task.moved", "withheld", "done", "", "cy") == (
            "Ni chafodd yr e-bost 'Dyddiad newydd' ei anfon (at: neb). "
            "Roedd y dasg wedi'i gwneud yn barod."
        )

    def test_how_an_engagement_stands(self) -> None:
        welsh = Clock("Europe/London", language="cy")
        due = NOW + timedelta(days=8)
        assert health_sentence("stuck", welsh, task="Ateb ein cwestiwn", owner="Ada", due=due) == (
            "Yn sownd: 'Ateb ein cwestiwn' (yn aros am: Ada; ers 19 Ionawr)."
        )
        assert "nid oes dim yn aros" in health_sentence("on_track", welsh)

    @pytest.mark.parametrize("kind", sorted(catalogue()["fact"]))
    def test_every_fact_reads_differently_in_both(self, kind: str) -> None:
        english, welsh = (fact_sentence(kind, {}, reader(one)) for one in ("en", "cy"))
        assert english != welsh
        assert "–" not in re.sub(r"'–'|: –|; –|–, am|– allan", "", welsh) or "–" in english
