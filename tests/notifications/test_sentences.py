"""The sentences of the timeline, the ledger and the status, for every kind that there is."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.kinds import KINDS
from notifications.sentences import (
    UK,
    Reader,
    fact_sentence,
    health_sentence,
    kind_title,
    notification_sentence,
    reason_sentence,
)
from notifications.words import catalogue, entry, titles_of
from tests.notifications.office import definition

READER = Reader(titles_of(definition()), names={"per_a": "Ada", "per_r": "Rosa"})
FACTS = catalogue()["fact"]
ROOT = Path(__file__).parents[2]

_words = st.text(max_size=12)


class TestFacts:
    @pytest.mark.parametrize(
        ("kind", "data", "sentence"),
        [
            ("research.accepted", {}, "Ada accepted the request."),
            ("research.assigned", {"researcher": "per_r"}, "Ada gave the request to Rosa."),
            (
                "research.assigned",
                {"researcher": "per_x"},
                "Ada gave the request to Unknown person.",
            ),
            (
                "deadline.moved",
                {
                    "task": "triage",
                    "before": "2027-01-04T17:00:00+00:00",
                    "after": "2027-07-02T16:00:00+00:00",
                },
                "Ada moved 'Triage the request' from Monday 4 January 2027 to Friday 2 July 2027.",
            ),
            (
                "research.delivery_accepted",
                {"automatic": "yes"},
                "The research counts as accepted, because the member did not return it in time.",
            ),
            ("advice.noted", {"actions": "1"}, "Ada wrote up the session: one action was agreed."),
            ("advice.noted", {"actions": "3"}, "Ada wrote up the session: 3 actions were agreed."),
            (
                "advice.action_agreed",
                {"action": "act_1", "owner": "lead", "due": "2027-02-10"},
                "An action was agreed: for the lead contact, by Wednesday 10 February 2027.",
            ),
            (
                "advice.action_agreed",
                {"action": "act_1", "owner": "per_r", "due": "2027-02-10"},
                "An action was agreed: for Rosa, by Wednesday 10 February 2027.",
            ),
            (
                "onboarding.step_completed",
                {"step": "plan", "done_on": "2026-11-02"},
                "Ada noted that the step 'Agree the plan' was done on Monday 2 November 2026.",
            ),
            (
                "advice.confirmed",
                {"session": "2027-07-01T11:00:00+00:00"},
                "Ada chose Thursday 1 July 2027 at midday.",
            ),
            ("something.quite_new", {"odd": "x"}, "Something quite new."),
        ],
    )
    def test_it_says_what_happened(self, kind: str, data: dict[str, str], sentence: str) -> None:
        assert fact_sentence(kind, data, READER, actor="per_a", item_kind="research") == sentence

    def test_a_fact_without_an_actor_names_milepost(self) -> None:
        assert fact_sentence("advice.closed", {"outcome": "cancelled"}, READER).startswith(
            "Milepost"
        )

    def test_a_check_and_a_review_have_their_titles(self) -> None:
        about = {"item_kind": "review", "item_key": "three-month", "actor": "per_a"}
        evidence = fact_sentence("review.evidence_added", {"check": "support"}, READER, **about)
        assert evidence == (
            "Ada added evidence for 'What you have made of the research and the advice so far'."
        )
        assert fact_sentence("review.opened", {}, READER, **about) == "'Three-month review' opened."

    @given(
        kind=st.one_of(st.sampled_from(sorted(FACTS)), _words),
        data=st.dictionaries(
            st.one_of(
                st.sampled_from(
                    ["task", "step", "to", "before", "outcome", "session", "researcher"]
                ),
                _words,
            ),
            _words,
            max_size=4,
        ),
    )
    def test_no_fact_however_odd_makes_it_fail(self, kind: str, data: dict[str, str]) -> None:
        sentence = fact_sentence(kind, data, READER, item_kind="research")
        assert sentence.strip()

    def test_every_fact_that_a_process_puts_down_has_its_sentence(self) -> None:
        said = set()
        for path in (ROOT / "workflows").rglob("*.py"):
            said |= set(re.findall(r'[Ff]act\(\s*"([a-z]+\.[a-z_]+)"', path.read_text("utf-8")))
        said |= {f"{kind}.closed" for kind in ("onboarding", "research", "advice", "review")}
        assert len(said) > 30
        assert said - set(FACTS) == set()

    def test_each_sentence_is_one(self) -> None:
        for kind, words in FACTS.items():
            every = [words["text"]]
            every += [
                text for variants in words.get("when", {}).values() for text in variants.values()
            ]
            for text in every:
                assert text.endswith("."), kind
                assert text[0].isupper() or text[0] in "{'", kind


class TestNotifications:
    def test_every_kind_of_email_has_a_title(self) -> None:
        assert set(entry("kind")) == {*KINDS, "digest.manager", "digest.member"}
        assert kind_title("a.new_one") == "A new one"

    @pytest.mark.parametrize(
        "state", ["reserved", "claimed", "accepted", "unknown", "failed", "withheld"]
    )
    def test_every_state_has_a_sentence(self, state: str) -> None:
        sentence = notification_sentence("research.new", state, "", "Ada")
        assert sentence.startswith("The email 'New request' to Ada ")

    def test_it_says_why_an_email_was_not_sent(self) -> None:
        assert notification_sentence("research.reminder", "withheld", "done", "Ada") == (
            "The email 'Reminder' to Ada was not sent. The task was already done."
        )
        assert notification_sentence("research.reminder", "withheld", "no_recipient", "") == (
            "The email 'Reminder' to an unfilled role was not sent. "
            "The role has no holder. Assign a person, and it is sent."
        )

    @pytest.mark.parametrize(
        ("reason", "sentence"),
        [
            ("", ""),
            ("smtp_421", "The mail server refused it (code 421)."),
            ("sendgrid_500", "SendGrid refused it (code 500)."),
            ("quite_new", "Quite new."),
        ],
    )
    def test_a_reason_without_words_of_its_own_is_still_readable(
        self, reason: str, sentence: str
    ) -> None:
        assert reason_sentence(reason) == sentence

    def test_every_reason_in_the_code_has_its_sentence(self) -> None:
        patterns = (
            r'(?:Transient|Permanent|Unknown|Quiet)\("([a-z_]+)"',
            r'advance\(\w+, [\w.]+, "\w+", "(\w+)"',
            r'_mark\(claimed, "\w+", "\w+", "(\w+)"',
            r'return "(\w+)"\n',
            r'return "(\w+)" if \w+ else "\w+"\n',
            r'return "\w+" if \w+ else "(\w+)"\n',
            r'reason = "(\w+)"',
            r'Unfit\("\w+", "(\w+)"',
            r'^COLLAPSED = "(\w+)"',
        )
        rooms = (
            "calendar/invitations.py",
            "delivery/batching.py",
            "delivery/checks.py",
            "delivery/dispatch.py",
            "delivery/recipient.py",
            "delivery/sending.py",
            "digests/sending.py",
        )
        code = [ROOT / "notifications" / name for name in rooms]
        code += (ROOT / "notifications/senders").glob("*.py")
        texts = [path.read_text("utf-8") for path in code]
        named = {
            found for text in texts for one in patterns for found in re.findall(one, text, re.M)
        }
        some = {"done", "moved", "sendgrid_no_answer", "unknown_kind", "rendering", "collapsed"}
        some |= {"session_held", "session_called_off"}
        assert some <= named
        assert named - set(entry("reason")) == set()


class TestHealth:
    DUE = datetime(2027, 3, 3, 17, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("health", "sentence"),
        [
            ("stuck", "Stuck: 'Triage the request' has been waiting for Ada since 3 March."),
            ("overdue", "Overdue: 'Triage the request' was due from Ada on 3 March."),
            ("due_soon", "Due soon: 'Triage the request', from Ada by 3 March."),
            ("on_track", "On track: next is 'Triage the request', from Ada by 3 March."),
        ],
    )
    def test_it_says_how_an_engagement_stands_and_why(self, health: str, sentence: str) -> None:
        said = health_sentence(health, UK, task="Triage the request", owner="Ada", due=self.DUE)
        assert said == sentence

    def test_a_task_without_an_owner_says_so(self) -> None:
        said = health_sentence("stuck", UK, task="Triage the request", due=self.DUE)
        assert "waiting for an unfilled role" in said

    def test_without_a_task_nothing_is_waiting(self) -> None:
        assert health_sentence("on_track", UK) == "On track: nothing is waiting."
