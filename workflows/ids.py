"""Workflow ids and their inverses: opaque ids only, never a name or an address."""

from dataclasses import dataclass

from programmes.rules import ItemKind

_ENGAGEMENT = "engagement"


def engagement_workflow_id(engagement_id: str) -> str:
    """``engagement/<engagement id>``."""
    return f"{_ENGAGEMENT}/{engagement_id}"


def item_workflow_id(engagement_id: str, kind: ItemKind, item_id: str) -> str:
    """``engagement/<engagement id>/<kind>/<item id>``."""
    return f"{_ENGAGEMENT}/{engagement_id}/{kind}/{item_id}"


def reply_workflow_id(inbound_id: str) -> str:
    """``reply/<inbound message id>``: the telling of one answer by email."""
    return f"reply/{inbound_id}"


@dataclass(frozen=True)
class WorkflowAddress:
    """What a workflow id says: the engagement, and the item where it is one's."""

    engagement_id: str
    kind: str = ""
    item_id: str = ""


def parse_workflow_id(workflow_id: str) -> WorkflowAddress:
    """The inverse of both builders. Raises ``ValueError`` for an id that Milepost did not build."""
    parts = workflow_id.split("/")
    if parts[0] == _ENGAGEMENT and all(parts):
        if len(parts) == 2:
            return WorkflowAddress(parts[1])
        if len(parts) == 4:
            return WorkflowAddress(parts[1], parts[2], parts[3])
    raise ValueError(f"not a Milepost workflow id: {workflow_id!r}")


def scheduled_item_id(engagement_id: str, kind: ItemKind, key: str) -> str:
    """The id of an item that the plan opens by itself: the same each time it is computed."""
    return f"{engagement_id}.{kind}.{key}"
