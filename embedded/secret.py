"""The embedded office's own secret: made once, and kept in its folder for its owner alone."""

import contextlib
import os
from pathlib import Path
from secrets import token_urlsafe

FILE = "secret"
_BYTES = 32


def kept_secret(folder: Path) -> str:
    """The secret of the office in that folder. Links signed with it outlive a restart."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    with contextlib.suppress(FileExistsError):
        # Written before it has its name, so that nobody ever reads half of it.
        made = folder / f"{FILE}.{token_urlsafe(6)}"
        made.touch(mode=0o600)
        made.write_text(token_urlsafe(_BYTES), encoding="ascii")
        try:
            os.link(made, path)
        finally:
            made.unlink()
    return path.read_text(encoding="ascii").strip()
