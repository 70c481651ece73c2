"""The table of allowed moves: never back, with reports lost, repeated and in any order."""

from itertools import permutations, product

from hypothesis import given
from hypothesis import strategies as st

from notifications.delivery.ledger import MOVES, STATES, before, may_follow
from notifications.delivery.resolving import choices_of
from notifications.sentences import notification_sentence
from tests.notifications.hearing import furthest

REPORTS = ("accepted", "deferred", "delivered", "bounced", "dropped", "complained")
ENDS = ("bounced", "dropped", "complained")
RANK = dict.fromkeys(STATES, 9) | {
    state: rank
    for rank, state in enumerate(
        ("reserved", "claimed", "unknown", "accepted", "deferred", "delivered")
    )
}

reports = st.lists(st.sampled_from(REPORTS), max_size=12)


def test_every_state_is_in_the_table() -> None:
    assert set(MOVES) == set(STATES)
    assert all(allowed <= set(STATES) for allowed in MOVES.values())


def test_no_state_goes_back_except_for_a_repeated_attempt() -> None:
    for state, after in product(STATES, STATES):
        if may_follow(state, after):
            assert RANK[after] > RANK[state] or (state, after) == ("claimed", "claimed")
            assert state in before(after)


def test_a_final_state_never_changes() -> None:
    for state in ("withheld", "failed", *ENDS):
        assert MOVES[state] == frozenset()  # type: ignore[index]


def test_a_late_report_of_acceptance_never_undoes_a_delivery() -> None:
    for state in ("deferred", "delivered", *ENDS):
        assert furthest(state, ["accepted"]) == state
    assert furthest("delivered", ["accepted", "deferred"]) == "delivered"


def test_a_deferred_email_may_still_arrive_or_bounce() -> None:
    assert furthest("deferred", ["delivered"]) == "delivered"
    assert furthest("deferred", ["bounced"]) == "bounced"
    assert furthest("delivered", ["complained"]) == "complained"


def test_an_unknown_state_has_no_moves() -> None:
    assert furthest("accepted", ["open", "click", "reserved"]) == "accepted"
    assert choices_of("accepted") == ()


@given(heard=reports)
def test_the_state_is_the_furthest_that_was_reported(heard: list[str]) -> None:
    for start in ("claimed", "unknown", "accepted"):
        state = furthest(start, heard)
        ranks = [RANK[one] for one in [start, *heard]]
        assert RANK[state] == max(ranks)


@given(heard=reports.filter(lambda heard: len(set(heard) & set(ENDS)) < 2))
def test_any_order_and_any_repetition_end_in_the_same_state(heard: list[str]) -> None:
    expected = furthest("accepted", heard)
    assert furthest("accepted", heard * 2) == expected
    assert furthest("accepted", reversed(heard)) == expected
    for order in list(permutations(dict.fromkeys(heard)))[:30]:
        assert furthest("accepted", order) == expected


@given(heard=reports, kept=st.data())
def test_a_lost_report_never_brings_it_further(heard: list[str], kept: st.DataObject) -> None:
    flags = kept.draw(st.lists(st.booleans(), min_size=len(heard), max_size=len(heard)))
    fewer = [one for one, keep in zip(heard, flags, strict=True) if keep]
    assert RANK[furthest("accepted", fewer)] <= RANK[furthest("accepted", heard)]


def test_every_state_has_a_sentence_of_its_own() -> None:
    said = [notification_sentence("research.new", state, "", "Ada") for state in STATES]
    assert len(set(said)) == len(STATES)
    assert not [one for one in said if ": " in one]
