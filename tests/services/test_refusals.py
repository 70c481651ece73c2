"""Every service refuses a caller without the right before it touches anything, without the API."""

import inspect
import pkgutil
from collections.abc import Callable, Coroutine, Iterator
from importlib import import_module
from typing import Any, cast

import pytest

import services
from services.permissions import OPERATOR, RULES, Actor, Role
from services.problems import Problem
from workflows.messages import AssignRequest

Service = Callable[..., Coroutine[Any, Any, object]]

PARTS = {
    # How a command reaches its workflow.
    *("dispatch.reachable", "dispatch.send", "dispatch.send_start", "items.send_to_item"),
    "notifications.start_redelivery",
    # The checks themselves, and checks of what a command names.
    *("permissions.engagement_in_reach", "permissions.item_in_reach"),
    *("permissions.require_owner", "permissions.require_worker", "choices.require_holder"),
    # What follows from a change that a service has allowed.
    *("reassignment.reserved", "reassignment.tell"),
    *("releasing.release", "releasing.release_unheard", "releasing.withheld_for"),
    # The words for rows that the caller has read as far as it may see.
    *("views.engagements.entries", "views.items.listed"),
}
"""Functions that services are made of. Each is called after the rule of the service."""

FOR_VIEWERS = {
    *("calendar_feeds.own_feed", "calendar_feeds.make_own_feed", "calendar_feeds.end_own_feed"),
    *("choices.own_choices", "choices.set_own_choices"),
    *("views.calendar.my_calendar", "views.plan.planned"),
    *("views.engagements.engagement", "views.engagements.stored_engagement"),
    *("views.explanations.explained", "views.items.item", "views.notifications.notification"),
}
"""What a viewer may ask for: to read, and the viewer's own choices and calendar."""


def found() -> Iterator[tuple[str, Service]]:
    """Every public coroutine function in the services that takes a backend, by its name."""
    for module in pkgutil.walk_packages(services.__path__, "services."):
        for name, function in vars(import_module(module.name)).items():
            if (
                inspect.iscoroutinefunction(function)
                and function.__module__ == module.name
                and not name.startswith("_")
                and "backend" in inspect.signature(function).parameters
            ):
                yield f"{module.name.removeprefix('services.')}.{name}", function


FOUND = dict(found())
SERVICES = sorted(FOUND.keys() - PARTS)


class Touched(Exception):
    """A service went past its rule."""


class Untouchable:
    """A backend of which nothing may be used."""

    def __getattr__(self, name: str) -> object:
        raise Touched(name)


async def is_refused(name: str, actor: Actor) -> bool:
    """Whether the service refuses this caller at once."""
    function = FOUND[name]
    given: dict[str, object] = {"backend": Untouchable(), "actor": actor, "message": AssignRequest}
    arguments = {
        one.name: given.get(one.name)
        for one in inspect.signature(function).parameters.values()
        if one.default is inspect.Parameter.empty
    }
    try:
        await function(**arguments)
    except Problem as problem:
        if problem.name != "forbidden":
            raise
        return True
    except Touched:
        return False
    raise AssertionError(f"{name} asked for nothing")


def test_the_parts_are_there() -> None:
    assert FOUND.keys() >= PARTS
    assert set(SERVICES) >= FOR_VIEWERS
    assert len(SERVICES) > 40


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_takes_the_actor(name: str) -> None:
    assert "actor" in inspect.signature(FOUND[name]).parameters


@pytest.mark.parametrize("name", SERVICES)
async def test_a_role_without_a_rule_is_refused_by_every_service(name: str) -> None:
    assert all("stranger" not in rule for rule in RULES.values())
    assert await is_refused(name, Actor("per_stranger", cast(Role, "stranger")))


@pytest.mark.parametrize("name", SERVICES)
async def test_a_viewer_gets_to_read_and_is_refused_what_changes_the_office(name: str) -> None:
    assert await is_refused(name, Actor("per_viewer", "viewer")) == (name not in FOR_VIEWERS)


@pytest.mark.parametrize("name", [one for one in SERVICES if one.startswith("tokens.")])
async def test_only_the_operator_issues_and_revokes_tokens(name: str) -> None:
    assert await is_refused(name, Actor("per_manager", "manager"))
    assert not await is_refused(name, OPERATOR)
