"""Programs that stand in for a Temporal CLI, Go, Maven and Java, in a folder used as the PATH."""

import threading
from io import StringIO
from pathlib import Path


def program(path: Path, script: str = "") -> Path:
    """A program of one's own at this path; without a script it just ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


BUILDS_TEMPORAL = """
echo "go: downloading something" >&2
echo "a/package" >&2
echo built >>"$MILEPOST_CACHE/builds"
echo "#!/bin/sh" >"$GOBIN/temporal"
/bin/chmod +x "$GOBIN/temporal"
"""


class Heard(StringIO):
    """A stream that a thread writes to, and on which another waits for something to be said."""

    def __init__(self, awaited: str) -> None:
        super().__init__()
        self._awaited = awaited
        self.said = threading.Event()

    def write(self, text: str, /) -> int:
        written = super().write(text)
        if self._awaited in self.getvalue():
            self.said.set()
        return written


class Terminal(StringIO):
    """A stream that takes itself for a terminal."""

    def isatty(self) -> bool:
        return True
