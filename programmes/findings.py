"""An error in a definition before its line is known: the way to it, and two sentences."""

from dataclasses import dataclass
from typing import Self

from programmes.positions import Path
from programmes.sentences import complaint


@dataclass(frozen=True)
class Finding:
    """``what`` is wrong at ``path`` and what would ``mend`` it."""

    path: Path
    what: str
    mend: str
    at_key: bool = False
    """It is the key that is wrong, or what is below it as a whole."""

    @classmethod
    def of(cls, path: Path, key: str, /, *, at_key: bool = False, **values: object) -> Self:
        """The finding whose sentences the catalogue has under ``key``."""
        return cls(path, *complaint(key, **values), at_key)
