"""The state of an engagement, and how each decision about it becomes a record."""

from collections.abc import Callable
from datetime import date, datetime

from programmes.facts import EngagementStage, EngagementState, Record
from programmes.rules import ItemKind
from workflows.messages import AgreedAction, EngagementInput, EngagementProgress
from workflows.processes.process import Decision


class RecordedEngagement:
    """The state of an engagement. Each decision about it becomes a numbered record."""

    def __init__(self, engagement: EngagementInput) -> None:
        self.input = engagement
        self.rules = engagement.rules
        self.calendar = engagement.calendar
        self.stage: EngagementStage = "onboarding"
        self.sequence = 0
        self.opened_at: datetime | None = None
        self.onboarded_at: datetime | None = None
        self.closed_at: datetime | None = None
        self.reason: str | None = None
        self.moved: dict[str, date] = {}
        self.moves: dict[str, int] = {}
        self.cycles: tuple[datetime, ...] = ()
        self.carried: tuple[AgreedAction, ...] = ()
        self.requests = 0
        self.items: dict[str, str] = {}
        self.ended: list[str] = []
        self.rolling_over = ""
        """The id of an advice cycle that has to close for the next one."""
        if engagement.progress is not None:
            self._take_up(engagement.progress)

    @property
    def id(self) -> str:
        """The id of the engagement."""
        return self.input.engagement_id

    @property
    def is_open(self) -> bool:
        """Whether its opening is recorded."""
        return self.opened_at is not None

    @property
    def is_closed(self) -> bool:
        """Whether it was completed or withdrawn."""
        return self.stage in ("completed", "withdrawn")

    def opening(self, now: datetime) -> Record:
        """The first record."""
        self.opened_at = now
        return self.decide(
            lambda decision: decision.fact(
                "engagement.opened", self.input.by, start=self.input.start.isoformat()
            ),
            now,
        )

    def decide(self, command: Callable[[Decision], None], now: datetime) -> Record:
        """Carry out one command and number what came of it."""
        decision = Decision(now, self.calendar)
        command(decision)
        return self._record(decision)

    def knows(self, kind: ItemKind, key: str) -> bool:
        """Whether such an item is open or has ended."""
        name = f"{kind}:{key}"
        return name in self.ended or name in self.items.values()

    def progress(self, processed: tuple[str, ...]) -> EngagementProgress:
        """The whole state, for continue-as-new."""
        return EngagementProgress(
            stage=self.stage,
            sequence=self.sequence,
            opened_at=self.opened_at,
            onboarded_at=self.onboarded_at,
            moved=dict(self.moved),
            cycles=self.cycles,
            carried=self.carried,
            requests=self.requests,
            items=dict(self.items),
            ended=tuple(self.ended),
            rolling_over=self.rolling_over,
            processed=processed,
            closed_at=self.closed_at,
            reason=self.reason,
            moves=dict(self.moves),
        )

    def restore(self, progress: EngagementProgress) -> None:
        """Undo a decision that could not be recorded."""
        self._take_up(progress)

    def _take_up(self, progress: EngagementProgress) -> None:
        self.stage = progress.stage
        self.sequence = progress.sequence
        self.opened_at = progress.opened_at
        self.onboarded_at = progress.onboarded_at
        self.moved = dict(progress.moved)
        self.moves = dict(progress.moves)
        self.cycles = progress.cycles
        self.carried = progress.carried
        self.requests = progress.requests
        self.items = dict(progress.items)
        self.ended = list(progress.ended)
        self.rolling_over = progress.rolling_over
        self.closed_at = progress.closed_at
        self.reason = progress.reason

    def _record(self, decision: Decision) -> Record:
        self.sequence += 1
        return Record(
            engagement_id=self.input.engagement_id,
            item_id=self.input.engagement_id,
            sequence=self.sequence,
            facts=tuple(decision.facts),
            engagement=EngagementState(
                stage=self.stage,
                started_on=self.input.start,
                opened_at=self.opened_at or decision.now,
                onboarded_at=self.onboarded_at,
                closed_at=self.closed_at,
                reason=self.reason,
                moved=dict(self.moved),
                cycles=self.cycles,
            ),
            notices=tuple(decision.notices),
        )
