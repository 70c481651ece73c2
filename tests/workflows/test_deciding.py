"""Each command of a workflow is said once: its name finds its guard, its method and its update."""

from typing import Any, get_type_hints

import pytest
from temporalio import workflow

from services.permissions import RULES
from workflows.engagement import ITEMS, Engagement
from workflows.ids import command_name
from workflows.processes.engagement import EngagementProcess

PAIRS = [(Engagement, EngagementProcess), *((flow, process) for process, flow in ITEMS.values())]

NAMES = [flow.__name__ for flow, _ in PAIRS]

FOR_THE_ENGAGEMENT = {
    "complete": "complete_engagement",
    "open_request": "submit_request",
    "start": "start_engagement",
    "withdraw": "withdraw_engagement",
}
"""Updates of an engagement whose permissions say what they are about."""


@pytest.mark.parametrize(("flow", "process"), PAIRS, ids=NAMES)
def test_each_update_has_the_name_of_its_command_and_a_validator(flow: type, process: type) -> None:
    for name, update in workflow._Definition.must_from_class(flow).updates.items():
        assert update.arg_types is not None
        (command,) = update.arg_types
        assert command_name(command) == name
        assert (update.validator is None) == (name == "start")


@pytest.mark.parametrize(("flow", "process"), PAIRS, ids=NAMES)
def test_the_process_has_a_guard_and_a_method_for_each_command(flow: type, process: Any) -> None:
    for name, update in workflow._Definition.must_from_class(flow).updates.items():
        if name == "start":
            continue
        for method in (f"may_{name}", f"{name}"):
            hints = get_type_hints(getattr(process, method))
            assert [hints["command"]] == update.arg_types, method


@pytest.mark.parametrize(("flow", "process"), PAIRS, ids=NAMES)
def test_each_command_has_a_permission(flow: type, process: type) -> None:
    for name in workflow._Definition.must_from_class(flow).updates:
        assert name is not None
        assert FOR_THE_ENGAGEMENT.get(name, name) in RULES
