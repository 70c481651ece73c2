"""The definitions that come with Milepost are valid, work in an editor, and send few emails."""

import json
from datetime import date, datetime, timedelta
from importlib.resources import files
from itertools import chain

import jsonschema_rs
import pytest
from ruamel.yaml import YAML

from programmes.calendar import WorkingCalendar
from programmes.definition import Definition
from programmes.holidays import calendar_for
from programmes.loader import built_in_definitions, definition_schema, load_definition
from programmes.planner import plan, review_dates
from programmes.vocabulary import NATIONS, Nation
from tests.definitions import IGN
from tests.programmes.examples import FIRST, LAST, always_open, at
from tests.programmes.small import SMALL

NAMES = [name for name, _ in built_in_definitions()]

FOLDER = files("programmes") / "definitions"


def built_in(name: str) -> Definition:
    return load_definition(dict(built_in_definitions())[name], name)


def uk(nation: Nation) -> WorkingCalendar:
    return calendar_for(built_in(IGN), nation, first=FIRST, last=LAST)


class TestSchemaFile:
    def test_the_committed_schema_is_current(self) -> None:
        """If not: milepost programme schema > programmes/definitions/programme.schema.json"""
        committed = (FOLDER / "programme.schema.json").read_text(encoding="utf-8")
        assert json.loads(committed) == definition_schema()

    @pytest.mark.parametrize("text", [SMALL, *dict(built_in_definitions()).values()])
    def test_accepts_what_the_loader_accepts(self, text: str) -> None:
        data = YAML(typ="safe", pure=True).load(text)
        jsonschema_rs.Draft202012Validator(definition_schema()).validate(data)

    @pytest.mark.parametrize("name", NAMES)
    def test_is_what_an_editor_is_told_to_use(self, name: str) -> None:
        first = dict(built_in_definitions())[name].splitlines()[0]
        assert first == "# yaml-language-server: $schema=programme.schema.json"


@pytest.mark.parametrize("name", NAMES)
def test_every_definition_is_valid_and_has_the_id_of_its_file(name: str) -> None:
    assert load_definition(dict(built_in_definitions())[name], name).id == name


class TestInclusiveGrowthNetwork:
    def test_describes_the_network_of_12_members_in_four_nations(self) -> None:
        network = built_in(IGN)
        assert network.host == "Centre for Progressive Policy"
        assert network.funder == "Joseph Rowntree Foundation"
        assert network.supporters == ("Metro Dynamics", "RSA")
        themes = [theme.title for theme in network.themes]
        assert themes == ["Good jobs", "Green growth", "Healthy communities"]

    def test_a_recipient_gets_at_most_four_emails_about_one_task(self) -> None:
        for ladder in built_in(IGN).ladders.values():
            assert len(ladder.rungs) <= 4

    def test_a_recipient_gets_no_two_reminders_within_one_working_day(self) -> None:
        for nation in NATIONS:
            calendar = uk(nation)
            planned = plan(built_in(IGN).rules(), date(2026, 12, 14), calendar)
            for deadline in chain.from_iterable(item.deadlines for item in planned.items):
                sent = [calendar.local_date(rung.at) for rung in deadline.rungs]
                assert len(sent) == len(set(sent))

    def test_lasts_a_year_after_the_onboarding(self) -> None:
        planned = plan(built_in(IGN).rules(), date(2026, 12, 14), uk("SCT"))
        assert planned.onboarded_at == at("2027-02-18 17:00")
        assert planned.item("review", "final").due_at == at("2028-02-18 17:00")


class TestTour:
    start = datetime.fromisoformat("2026-12-25T23:59:00+00:00")

    def test_a_reminder_and_an_escalation_arrive_within_fifteen_seconds(self) -> None:
        planned = plan(built_in("tour").rules(), self.start, always_open())
        hello = planned.item("onboarding", "onboarding").deadline("step:hello")
        seconds = {rung.says: (rung.at - self.start).total_seconds() for rung in hello.rungs}
        assert seconds == {"reminder": 5, "overdue": 9, "escalation": 11}

    def test_the_review_opens_twenty_seconds_after_the_onboarding(self) -> None:
        rules, ended = built_in("tour").rules(), self.start + timedelta(seconds=15)
        (review,) = review_dates(rules, always_open(), ended, {})
        assert (review.opens_at - ended).total_seconds() == 20
        assert (review.due_at - ended).total_seconds() == 60
        assert (review.opens_at - self.start).total_seconds() < 60
