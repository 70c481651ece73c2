"""An advice cycle, as a workflow: dates, session, notes and agreed actions."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.messages import (
        Answer,
        CloseCycle,
        CompleteAction,
        ConfirmDate,
        HoldSession,
        ItemInput,
        MissSession,
        ProposeDates,
        RecordNotes,
        SendAgenda,
    )
    from workflows.processes.advice_cycle import AdviceCycleProcess

from workflows.item import ItemWorkflow


@workflow.defn
class AdviceCycle(ItemWorkflow[AdviceCycleProcess]):
    """The commands of ``AdviceCycleProcess``; what they mean is decided there."""

    @workflow.init
    def __init__(self, item: ItemInput) -> None:
        super().__init__(AdviceCycleProcess(item))

    @workflow.run
    async def run(self, item: ItemInput) -> str:
        """Run until it has closed; returns its outcome."""
        return await self.run_to_end()

    @workflow.update
    async def propose_dates(self, command: ProposeDates) -> Answer:
        """The adviser proposes dates."""
        return await self.decide(
            command, self.process.may_propose_dates, self.process.propose_dates
        )

    @propose_dates.validator
    def check_propose_dates(self, command: ProposeDates) -> None:
        """Refuse it where it cannot be."""
        self.admit(command, self.process.may_propose_dates)

    @workflow.update
    async def confirm_date(self, command: ConfirmDate) -> Answer:
        """The member chooses one."""
        return await self.decide(command, self.process.may_confirm_date, self.process.confirm_date)

    @confirm_date.validator
    def check_confirm_date(self, command: ConfirmDate) -> None:
        """Refuse it where it cannot be."""
        self.admit(command, self.process.may_confirm_date)

    @workflow.update
    async def send_agenda(self, command: SendAgenda) -> Answer:
        """The agenda goes out."""
        return await self.decide(command, self.process.may_send_agenda, self.process.send_agenda)

    @send_agenda.validator
    def check_send_agenda(self, command: SendAgenda) -> None:
        """Refuse it where it cannot be."""
        self.admit(command, self.process.may_send_agenda)

    @workflow.update
    async def hold_session(self, command: HoldSession) -> Answer:
        """The session took place."""
        return await self.decide(command, self.process.may_hold_session, self.process.hold_session)

    @hold_session.validator
    def check_hold_session(self, command: HoldSession) -> None:
        """Refuse it where it cannot be."""
        self.admit(command, self.process.may_hold_session)

    @workflow.update
    async def miss_session(self, command: MissSession) -> Answer:
        """The session did not take place."""
        return await self.decide(command, self.process.may_miss_session, self.process.miss_session)

    @miss_session.validator
    def check_miss_session(self, command: MissSession) -> None:
        """Refuse it where it cannot be."""
        self.admit(command, self.process.may_miss_session)

    @workflow.update
    async def record_notes(self, command: RecordNotes) -> Answer:
        """What was said and agreed."""
        return await self.decide(command, self.process.may_record_notes, self.process.record_notes)

    @record_notes.validator
    def check_record_notes(self, command: RecordNotes) -> None:
        """Refuse it where it cannot be."""
        self.admit(command, self.process.may_record_notes)

    @workflow.update
    async def complete_action(self, command: CompleteAction) -> Answer:
        """An agreed action is done."""
        return await self.decide(
            command, self.process.may_complete_action, self.process.complete_action
        )

    @complete_action.validator
    def check_complete_action(self, command: CompleteAction) -> None:
        """Refuse it where it cannot be."""
        self.admit(command, self.process.may_complete_action)

    @workflow.update
    async def close_cycle(self, command: CloseCycle) -> Answer:
        """No session comes of it."""
        return await self.decide(command, self.process.may_close_cycle, self.process.close_cycle)

    @close_cycle.validator
    def check_close_cycle(self, command: CloseCycle) -> None:
        """Refuse it where it cannot be."""
        self.admit(command, self.process.may_close_cycle)
