"""Where the one link of an email leads."""

from notifications.content.message import link_to

OFFICE = "https://office.example.org"


def test_to_the_engagement() -> None:
    assert link_to(OFFICE, "eng_1") == f"{OFFICE}/go/engagements/eng_1"


def test_to_an_item_at_its_task() -> None:
    link = link_to(OFFICE, "eng_1", "itm_2", "step:agreement")
    assert link == f"{OFFICE}/go/engagements/eng_1/items/itm_2#step:agreement"


def test_an_item_that_the_plan_opened_has_a_dot_in_its_id() -> None:
    link = link_to(OFFICE, "eng_1", "eng_1.review.interim")
    assert link == f"{OFFICE}/go/engagements/eng_1/items/eng_1.review.interim"


def test_what_is_about_the_engagement_itself_has_no_item() -> None:
    assert link_to(OFFICE, "eng_1", "eng_1") == f"{OFFICE}/go/engagements/eng_1"


def test_an_address_with_a_slash_behind_it_makes_no_double_slash() -> None:
    assert link_to(f"{OFFICE}/office/", "eng_1") == f"{OFFICE}/office/go/engagements/eng_1"


def test_nothing_odd_gets_through_unquoted() -> None:
    assert link_to(OFFICE, 'a/b"', "c d", "e#f<") == (
        f"{OFFICE}/go/engagements/a%2Fb%22/items/c%20d#e%23f%3C"
    )
