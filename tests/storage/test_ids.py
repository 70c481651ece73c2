"""Ids are opaque and hard to guess; derived ids depend on their parts only."""

import re

from hypothesis import given
from hypothesis import strategies as st

from storage.database import derived_id, new_id

FORM = re.compile(r"[a-z]{3}_[a-z2-7]{20}")


def test_new_ids_have_the_form_and_are_unique() -> None:
    made = {new_id("itm") for _ in range(1000)}
    assert len(made) == 1000
    assert all(FORM.fullmatch(one) for one in made)


@given(parts=st.lists(st.text(max_size=5), max_size=4), more=st.lists(st.text(max_size=5)))
def test_derived_ids_are_equal_only_for_equal_parts(parts: list[str], more: list[str]) -> None:
    one = derived_id("itm", *parts)
    assert FORM.fullmatch(one)
    assert (one == derived_id("itm", *more)) == (parts == more)


def test_the_boundary_between_parts_changes_the_id() -> None:
    assert derived_id("txt", "ab", "c") != derived_id("txt", "a", "bc")
