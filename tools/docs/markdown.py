"""Tables and code in Markdown."""

from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table. A column that is empty in every row is left out."""
    held = [list(row) for row in rows]
    kept = [at for at in range(len(heads)) if any(row[at] for row in held)]
    lines = [[heads[at] for at in kept], ["---"] * len(kept)]
    lines += [[row[at].replace("|", "\\|") for at in kept] for row in held]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def code(text: object) -> str:
    """The text as code."""
    return f"`{text}`"


def choice(words: Sequence[object]) -> str:
    """`one`, `two` or `three`"""
    shown = [code(word) for word in words]
    return " or ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
