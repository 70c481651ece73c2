"""How a process of ours ends: everything is closed by then, so the interpreter is not torn down.

Temporal's SDK lets go of Python objects from threads of its own. One that does so while the
interpreter is being finalised aborts the process (seen in one of ten workers that were asked to
stop): exit code 134 instead of 0, which a supervisor takes for a crash.
"""

import logging
import os
import sys
from collections.abc import Callable
from typing import NoReturn


def run_and_leave(run: Callable[[], object]) -> NoReturn:
    """Run a program to its end and leave with its exit code: 0, or that of its ``SystemExit``.

    Whatever else it raises is reported as Python reports it, and ends with 1.
    """
    code: int = 0
    try:
        run()
    except SystemExit as ending:
        code = _code_of(ending)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    leave(code)


def leave(code: int) -> NoReturn:
    """End now: what was logged and printed is flushed, nothing else is left to do."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (BrokenPipeError, ValueError):
            # Whoever read it has gone.
            continue
    os._exit(code)


def _code_of(ending: SystemExit) -> int:
    if ending.code is None or isinstance(ending.code, int):
        return ending.code or 0
    print(ending.code, file=sys.stderr)
    return 1
