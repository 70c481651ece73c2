"""What somebody most likely meant by a word that is not known."""

from collections.abc import Iterable
from difflib import get_close_matches


def meant(word: str, known: Iterable[str]) -> str:
    """A mend for an unknown word: the nearest known one, or else all of them."""
    words = list(known)
    near = get_close_matches(word.lower(), words, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    if not words:
        return "leave it out"
    listed = ", ".join(words)
    return f"write {words[0]!r}" if len(words) == 1 else f"write one of these: {listed}"
