"""Contexts of every kind of email, filled from values that are drawn or that say their own name."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from itertools import cycle
from typing import Any, get_args, get_type_hints

from hypothesis import strategies as st

from notifications.content.context import Ask, Letter
from notifications.kinds import Kind

LINK = "https://office.example.org/go/engagements/eng_1/items/itm_1#step:plan"
BY = "Tuesday 5 January 2027"


hints_of = cache(get_type_hints)


@dataclass(frozen=True)
class Drawn:
    """Values that fill a context of any kind, taken in turn, and from the start once used up.

    One draw serves all kinds, since drawing takes several times as long as rendering.
    """

    texts: Sequence[str]
    numbers: Sequence[int]

    def context(self, kind: Kind) -> Letter:
        """A context of that kind with these values, but for a real link and a real date."""
        texts, numbers = cycle(self.texts), cycle(self.numbers)

        def value(hint: Any) -> Any:
            if hint is str:
                return next(texts)
            if hint is bool:
                return bool(next(numbers) % 2)
            if hint is int:
                return next(numbers)
            if is_dataclass(hint):
                return built(hint)
            inner, other = get_args(hint)
            if other is Ellipsis:
                return tuple(value(inner) for _ in range(next(numbers) % 4))
            return value(inner) if next(numbers) % 2 else None

        def built(of: Any, **fixed: Any) -> Any:
            hints = hints_of(of)
            return of(**{one.name: value(hints[one.name]) for one in fields(of)} | fixed)

        real = {"link": LINK, "by": BY} if issubclass(kind.context, Ask) else {"link": LINK}
        letter: Letter = built(kind.context, **real)
        return letter


DRAWN = st.builds(
    Drawn,
    texts=st.lists(
        st.text(
            st.characters(
                codec="utf-8", exclude_categories=["Cs", "Cc"], include_characters="\n<>&\"'{}%"
            ),
            max_size=30,
        ),
        min_size=1,
        max_size=12,
    ),
    numbers=st.lists(st.integers(), min_size=1, max_size=12),
)


def marked(kind: Kind) -> dict[str, Any]:
    """A context in which each text is a mark of its own, and each list has one entry."""

    def value(name: str, hint: Any) -> Any:
        if hint is str:
            return f"[{name}]"
        if hint in (bool, int):
            return hint(1)
        parts = [part for part in get_args(hint) if part not in (type(None), Ellipsis)]
        inner = parts[0] if parts else hint
        one = value(name, inner) if inner is str else _nested(name, inner)
        return [one] if str(hint).startswith("tuple") else one

    def _nested(name: str, of: type) -> dict[str, Any]:
        hints = hints_of(of)
        return {
            field.name: value(f"{name}.{field.name}", hints[field.name]) for field in fields(of)
        }

    return _nested("", kind.context)


def marks(values: Mapping[str, Any]) -> set[str]:
    """All marks in a context."""
    return {part for part in json.dumps(values).split('"') if part.startswith("[")}
