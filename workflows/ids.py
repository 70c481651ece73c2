"""The names that Temporal knows: of workflows, commands and search attributes.

Workflow ids hold opaque ids only, never a name or an address.
"""

import re
from dataclasses import dataclass

from temporalio.common import SearchAttributeKey

from programmes.rules import ItemKind

DELIVER_NOTICES = "TellOfReply"
"""The registered name of the workflow ``DeliverNotices``. Recorded histories hold it."""


def engagement_workflow_id(engagement_id: str) -> str:
    """``engagement/<engagement id>``."""
    return f"engagement/{engagement_id}"


def item_workflow_id(engagement_id: str, kind: ItemKind, item_id: str) -> str:
    """``engagement/<engagement id>/<kind>/<item id>``."""
    return f"engagement/{engagement_id}/{kind}/{item_id}"


def reply_workflow_id(inbound_id: str) -> str:
    """``reply/<inbound message id>``: tells the office of one answer by email."""
    return f"reply/{inbound_id}"


def taking_over_workflow_id(engagement_id: str, number: int) -> str:
    """``taken-over/<engagement id>/<number of the change>``: tells who has a role now."""
    return f"taken-over/{engagement_id}/{number}"


def redelivery_workflow_id(notification_id: str, number: int) -> str:
    """``redelivery/<notification id>/<number of the round>``."""
    return f"redelivery/{notification_id}/{number}"


@dataclass(frozen=True)
class WorkflowAddress:
    """What a workflow id names: an engagement, or an item of it."""

    engagement_id: str
    kind: str = ""
    item_id: str = ""


def parse_workflow_id(workflow_id: str) -> WorkflowAddress:
    """Read an id of ``engagement_workflow_id`` or ``item_workflow_id``. Raises ``ValueError`` for
    others."""
    parts = workflow_id.split("/")
    if parts[0] == "engagement" and all(parts):
        if len(parts) == 2:
            return WorkflowAddress(parts[1])
        if len(parts) == 4:
            return WorkflowAddress(parts[1], parts[2], parts[3])
    raise ValueError(f"not a Milepost workflow id: {workflow_id!r}")


def scheduled_item_id(engagement_id: str, kind: ItemKind, key: str) -> str:
    """The id of an item that the plan opens. The same arguments give the same id."""
    return f"{engagement_id}.{kind}.{key}"


DIGEST_PREFIX = "digest/"
"""The prefix of the ids of summary schedules."""


def digest_schedule_id(task_queue: str, programme_id: str, digest: str) -> str:
    """``digest/<task queue>/<programme id>/<manager or member>``: a schedule's id, and the prefix
    of its runs. The task queue sets offices apart that share a namespace and a programme."""
    return f"{DIGEST_PREFIX}{task_queue}/{programme_id}/{digest}"


def last_word_workflow_id(item_id: str) -> str:
    """``last-word/<item id>``: tells people of the end of an item whose own workflow is gone."""
    return f"last-word/{item_id}"


_INNER_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def command_name(command: type) -> str:
    """The one name of a command. Its update, permission and process methods share it."""
    return _INNER_CAPITAL.sub("_", command.__name__).lower()


PROGRAMME = SearchAttributeKey.for_keyword("MilepostProgramme")
"""The programme's id."""

MEMBER = SearchAttributeKey.for_keyword("MilepostMember")
"""The member's opaque id."""

KIND = SearchAttributeKey.for_keyword("MilepostKind")
"""``engagement`` or an item's kind."""

SEARCH_ATTRIBUTES = (PROGRAMME, MEMBER, KIND)
