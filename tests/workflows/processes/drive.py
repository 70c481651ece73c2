"""Driving a process by hand: no server, just the time that it is told."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from programmes.facts import Record
from tests.workflows.office import snake
from workflows.messages import REFUSED
from workflows.processes.process import Process


def give(process: Process, command: Any, now: datetime) -> Record:
    """Give a command as the workflow does: guarded first, then carried out and recorded."""
    name = snake(command)
    getattr(process, f"may_{name}")(command, now)
    return process.decide(lambda decision: getattr(process, name)(command, decision), now)


def refused(process: Process, command: Any, now: datetime) -> str:
    """The sentence with which a command is refused; the state must not have changed."""
    before = process.progress(())
    with pytest.raises(ApplicationError) as caught:
        getattr(process, f"may_{snake(command)}")(command, now)
    assert caught.value.type == REFUSED
    assert caught.value.non_retryable
    assert process.progress(()) == before
    return str(caught.value.message)


def run_out(process: Process, until: datetime, now: datetime) -> list[Record]:
    """Wake the process whenever it wants to be woken, up to an instant."""
    records: list[Record] = []
    while (wake := process.deadlines.next_wake()) is not None and wake <= until:
        now = max(now, wake)
        woken = process.wake(now)
        if woken is not None:
            records.append(woken.record)
    return records


def kinds(*records: Record) -> list[str]:
    """The facts of records, in order."""
    return [fact.kind for record in records for fact in record.facts]


def told(*records: Record) -> list[tuple[str, Sequence[str]]]:
    """Who was told what."""
    return [(notice.kind, notice.to) for record in records for notice in record.notices]
