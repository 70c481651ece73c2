"""Ends a process without finalising the interpreter. Everything is closed by then.

Temporal's SDK releases Python objects from its own threads. Where that happens while the
interpreter is finalised, the process aborts with exit code 134 instead of 0, which a supervisor
takes for a crash. It was seen in one of ten workers that were asked to stop.
"""

import logging
import os
import sys
from collections.abc import Callable
from typing import NoReturn


def run_and_leave(run: Callable[[], object]) -> NoReturn:
    """Run a program to its end and leave with its exit code: 0, or that of its ``SystemExit``.

    Any other exception is reported as Python reports it, and ends with 1.
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
    """Flush logs and output, and end the process."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (BrokenPipeError, ValueError):
            # The reader of the pipe has gone.
            continue
    os._exit(code)


def _code_of(ending: SystemExit) -> int:
    if ending.code is None or isinstance(ending.code, int):
        return ending.code or 0
    print(ending.code, file=sys.stderr)
    return 1
