"""The story is what the first office needs to be shown, and hangs together."""

import re
from collections import Counter

import pytest
from pydantic import ValidationError

from demo.player import DAYS, ROUTES
from demo.story import Story, sample_story
from programmes.durations import parse_duration
from programmes.loader import built_in_definitions, load_definition

STORY = sample_story()
DEFINITIONS = {name: load_definition(text, name) for name, text in built_in_definitions()}
KNOWN = ("Barking and Dagenham", "Belfast", "Bristol", "Cardiff", "Glasgow")


def test_twelve_members_of_four_nations_have_an_engagement() -> None:
    members = [STORY.members[each.member] for each in STORY.engagements]
    assert len({member.name for member in members}) == 12
    assert {member.nation for member in members} == {"ENG", "WLS", "SCT", "NIR"}


def test_five_members_are_known_and_every_other_says_that_it_is_invented() -> None:
    names = [member.name for member in STORY.members.values()]
    known = [name for name in names if any(word in name for word in KNOWN)]
    assert len(known) == len(KNOWN)
    assert all("(invented)" in name for name in names if name not in known)


def test_no_address_reaches_a_real_person() -> None:
    addresses = [person.email for person in STORY.people.values()]
    addresses += [each.email for member in STORY.members.values() for each in member.contacts]
    assert all(address.endswith(".example.org") for address in addresses)
    assert len(set(addresses)) == len(addresses)


def test_every_member_has_one_lead() -> None:
    for member in STORY.members.values():
        assert sum(contact.lead for contact in member.contacts) == 1


def test_every_move_is_a_call_of_the_api_with_fields_that_it_has() -> None:
    aims = {"request", "review", "as", "step"}
    for part in (*STORY.engagements, STORY.tour):
        for move in part.moves:
            route = ROUTES[move.do]
            unknown = set(move.details) - set(route.fields) - aims
            assert not unknown, f"{move.do}: {unknown}"
            for name in re.findall(r"{(\w+)}", route.address):
                assert name in {"engagement", "item", *move.details}


def test_every_day_is_a_span() -> None:
    for engagement in STORY.engagements:
        parse_duration(engagement.start)
        for move in engagement.moves:
            for name in DAYS & set(move.details):
                parse_duration(move.details[name])


def test_steps_and_reviews_are_those_of_the_programme() -> None:
    for part in (*STORY.engagements, STORY.tour):
        definition = DEFINITIONS[part.programme]
        steps = {step.id for step in definition.onboarding.steps}
        reviews = {review.id for review in definition.reviews}
        for move in part.moves:
            assert move.details.get("step", next(iter(steps))) in steps
            assert move.details.get("review", next(iter(reviews))) in reviews


def test_the_story_shows_each_stage_that_an_office_has_to_watch() -> None:
    stages = Counter(each.expects.stage for each in STORY.engagements)
    assert stages["withdrawn"] == 1
    assert stages["onboarding"] >= 3
    health = {each.expects.health for each in STORY.engagements}
    assert {"on_track", "due_soon", "overdue", "stuck"} <= health
    done = {move.do for each in STORY.engagements for move in each.moves}
    assert {"ask_member", "return_delivery", "deliver_request", "submit_review"} <= done
    assert {"propose_dates", "record_notes", "withdraw_request", "waive_step"} <= done


def test_the_tour_brings_a_reminder_an_escalation_and_a_milestone() -> None:
    kinds = {each.kind for each in STORY.tour.expects}
    assert {"onboarding.reminder", "onboarding.escalation", "review.signed_off"} <= kinds


def test_a_story_that_names_an_unknown_person_is_refused() -> None:
    held = STORY.model_dump(mode="json")
    held["engagements"][0]["manager"] = "atlas"
    with pytest.raises(ValidationError, match="no person 'atlas'"):
        Story.model_validate(held)
