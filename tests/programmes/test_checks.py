"""Errors that no single line shows: unknown names, circles, and impossible dates."""

import pytest

from tests.programmes.small import SMALL, changed, errors, place


@pytest.mark.parametrize(
    ("old", "new", "part", "said"),
    [
        # names
        (
            "ladder: plain\n      after",
            "ladder: plan\n      after",
            "plan",
            "there is no ladder 'plan'; did you mean 'plain'?",
        ),
        (
            "  adviser: {title: Adviser}\n",
            "",
            "adviser",
            "the role 'adviser' is not among this programme's roles; add adviser to roles, or",
        ),
        ("[manager, team]", "[funder, team]", "funder", "the role 'funder' is not among"),
        ("hears: [team]", "hears: [funder]", "funder", "the role 'funder' is not among"),
        ("after: [sign]", "after: [sing]", "sing]", "no step 'sing'; did you mean 'sign'?"),
        ("after: half", "after: halve", "halve", "no review 'halve'; did you mean 'half'?"),
        # ids
        ("- id: call", "- id: sign", "sign", "'sign' is there twice; give this one another id"),
        ("{id: late,", "{id: early,", "early", "'early' is there twice"),
        ("- id: final", "- id: onboarding", "onboarding", "a review cannot be called"),
        # circles
        (
            "ladder: plain\n    - id: call",
            "ladder: plain\n      after: [call]\n    - id: call",
            "[call]",
            "these steps wait for each other: sign → call → sign; take one of them",
        ),
        (
            "after: [sign]",
            "after: [call]",
            "[call]",
            "these steps wait for each other: call → call",
        ),
        (
            "    plus: P3M\n    opens: 20wd\n    checklist",
            "    after: final\n    plus: P3M\n    opens: 20wd\n    checklist",
            "final",
            "these reviews wait for each other: half → final → half; let one of them",
        ),
        # ladders
        ("at: -3wd", "at: 11wd", "11wd", "this rung comes after the end of ladder 'plain' (10wd)"),
        ("at: 2wd", "at: -4wd", "-4wd", "-4wd comes before -3wd, the rung above it; put the"),
        (
            "at: 2wd",
            "at: 5wd",
            "5wd, to: [manager",
            "two rungs at 5wd; send one email, or move one of them",
        ),
        ("at: 2wd", "at: 0wd", "overdue", "at 0wd nothing is overdue yet; write reminder"),
        ("at: -3wd", "at: 1wd", "reminder", "at 1wd the due date has passed; write overdue"),
        # what a ladder's end may do
        (
            "due: 10wd\n      ladder: plain",
            "due: 10wd\n      ladder: plain\n      at_end: close",
            "close",
            "step cannot close by itself; write escalate",
        ),
        (
            "ladder: plain, at_end: close}\n  scope",
            "ladder: plain, at_end: accept}\n  scope",
            "accept}",
            "answer cannot accept by itself; write escalate, close",
        ),
        (
            "scope: {owner: manager, due: 5wd, ladder: plain",
            "scope: {owner: manager, due: 5wd, ladder: plain, at_end: accept",
            "accept",
            "scope cannot accept by itself",
        ),
        (
            "submit: {owner: lead, ladder: plain",
            "submit: {owner: lead, ladder: plain, at_end: close",
            "close",
            "submit cannot close by itself",
        ),
        # dates
        (
            "plus: P3M\n    opens: 20wd",
            "plus: 2w\n    opens: 20wd",
            "20wd",
            "this review would open, 20wd before its date, during the onboarding",
        ),
        ("every: P3M", "every: 1d", "1d", "every 1d makes more than 60 advice cycles"),
        ("last: 12-31", "last: 2026-12-31", "2026", "one of these days has a year and the other"),
        (
            "first: 12-24\n      last: 12-31",
            "first: 2026-12-24\n      last: 2026-12-22",
            "2026-12-22",
            "the closure ends before it starts; swap the two days",
        ),
        (
            "soon: 3wd",
            'digests: {manager: {at: "08:30"}}\nsoon: 3wd',
            '"08',
            "would leave from 08:30 on, over 30 minutes, but emails leave within 09:00-16:30 only",
        ),
        (
            "soon: 3wd",
            'digests: {member: {at: "16:00", within: 31}}\nsoon: 3wd',
            '"16',
            "would leave from 16:00 on, over 31 minutes, but emails leave within 09:00-16:30 only",
        ),
        (
            "soon: 3wd",
            'digests: {member: {on: sunday, at: "09:00"}}\nsoon: 3wd',
            "sunday",
            "sunday is not a working day, so this summary could not leave then",
        ),
        ("09:00-16:30", "08:00-16:30", "08", "would leave outside the working hours (09:00-17:00)"),
        ("09:00-16:30", "09:00-18:00", "09", "would leave outside the working hours (09:00-17:00)"),
    ],
)
def test_an_impossible_definition_is_refused_at_its_line(
    old: str, new: str, part: str, said: str
) -> None:
    text = changed((old, new))
    found = [one for one in errors(text) if said in one]
    assert len(found) >= 1
    assert found[0].startswith(f"small.yaml:{place(text, SMALL.index(old), part)}: ")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("at_end: accept", "at_end: close"),
        ("at_end: accept", "at_end: escalate"),
        ("first: 12-24\n      last: 12-31", "first: 12-24\n      last: 01-02"),
        ("first: 12-24\n      last: 12-31", "first: 2026-12-24"),
        ("at: 2wd", "at: 3d"),
        ("after: half", "after: onboarding"),
        ("ends: 10wd", "ends: 5wd"),
        ("soon: 3wd", 'digests: {manager: {at: "16:00"}, member: {at: "09:00"}}\nsoon: 3wd'),
    ],
)
def test_a_possible_definition_is_accepted(old: str, new: str) -> None:
    assert errors(changed((old, new))) == []


def test_each_circle_is_reported_once() -> None:
    text = changed(
        ("ladder: plain\n    - id: call", "ladder: plain\n      after: [call]\n    - id: call")
    )
    assert len(errors(text)) == 1


def test_checks_continue_after_a_missing_or_wrong_part() -> None:
    text = changed(("ladders:", "ladders: none\nmore:"), ("onboarding:", "onboarding: 7\nrest:"))
    found = " ".join(errors(text))
    assert "this is not a group of lines" in found
    assert "'more' is not known here" in found
