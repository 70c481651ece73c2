"""Which updates were taken: the server forgets at continue-as-new, so ids are carried along."""

from temporalio import workflow

from workflows.policies import PROCESSED_UPDATES_KEPT


class TakenUpdates:
    """The ids of the latest updates; a repeated one is answered again and changes nothing."""

    def __init__(self, ids: tuple[str, ...]) -> None:
        self.ids = ids

    def has_current(self) -> bool:
        """Whether the update at hand was taken before."""
        info = workflow.current_update_info()
        return info is not None and info.id in self.ids

    def add_current(self) -> None:
        """Note the update at hand as taken."""
        info = workflow.current_update_info()
        if info is not None:
            self.ids = (*self.ids, info.id)[-PROCESSED_UPDATES_KEPT:]
