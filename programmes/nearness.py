"""What somebody most likely meant by a word that is not known."""

from collections.abc import Iterable
from difflib import get_close_matches

from programmes.sentences import say


def meant(word: str, known: Iterable[str]) -> str:
    """A mend for an unknown word: the nearest known one, or else all of them."""
    words = list(known)
    near = get_close_matches(word.lower(), words, n=1, cutoff=0.6)
    if near:
        return say("word.near", near=near[0])
    if not words:
        return say("word.none")
    if len(words) == 1:
        return say("word.only", only=words[0])
    return say("word.many", known=", ".join(words))
