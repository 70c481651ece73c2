"""A reminder that could not leave before its date: whether its recipient hears of that anyhow."""

from sqlalchemy.ext.asyncio import AsyncSession

from notifications.ledger import Held
from notifications.scene import Scene
from storage.roles import all_holders
from storage.tables import Engagement, Item


async def hears_overdue(session: AsyncSession, held: Held, scene: Scene, task: str) -> bool:
    """Whether the task's ladder tells the same recipient, once that is overdue.

    A rung that says so comes after every reminder of its ladder, and is never left out while the
    task is open at that date: it is ahead, or under way.
    """
    selectors = _told_when_overdue(scene, task)
    engagement = await session.get(Engagement, held.engagement_id)
    if not selectors or engagement is None:
        return False
    item = await session.get(Item, held.item_id)
    found = await all_holders(session, engagement, item, selectors)
    return any(held.recipient_id in holders for holders in found.values())


def _told_when_overdue(scene: Scene, task: str) -> set[str]:
    open_task = scene.tasks.get(task)
    if scene.definition is None or open_task is None:
        return set()
    rules = scene.definition.rules()
    stage = rules.stage_of(scene.item_kind, scene.item_key, task)
    ladder = rules.ladders.get(stage.ladder) if stage else None
    rungs = [rung for rung in ladder.rungs if rung.says == "overdue"] if ladder else []
    return {open_task.owner_role if to == "owner" else to for rung in rungs for to in rung.to}
