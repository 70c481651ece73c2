"""Every kind of email, from the processes' records through the database to its text."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from notifications.calendar.entries import CALLED_OFF
from notifications.delivery.reassignment import NEW_IN_TEAM, NEW_LEAD
from notifications.kinds import CATCH_UP, KINDS
from programmes.facts import Record
from storage.database import Database
from storage.sql import notifications
from storage.tables import MailboxMessage
from tests.notifications.office import Post, calendar, closing
from tests.storage.fixtures import database_url as database_url
from tests.workflows.stories import NOON, engagement_input, item_input, rules
from workflows import messages as m
from workflows.processes.advice_cycle import AdviceCycleProcess
from workflows.processes.engagement import EngagementProcess
from workflows.processes.onboarding import OnboardingProcess
from workflows.processes.process import Process
from workflows.processes.research_request import ResearchRequestProcess
from workflows.processes.review_milestone import ReviewMilestoneProcess

LEAD, MANAGER, ADVISER, RESEARCHER = "con_lead", "per_manager", "per_adviser", "per_researcher"


def _do(process: Process, name: str, command: object, now: datetime = NOON) -> Record:
    """A command as its workflow carries it out."""
    return process.decide(lambda decision: getattr(process, name)(command, decision), now)


def _wakes(process: Process, before: datetime | None = None) -> Iterator[Record]:
    """Everything that happens without any command."""
    while (due := process.deadlines.next_wake()) is not None and (not before or due < before):
        woken = process.wake(due)
        if woken is None:
            return
        yield woken.record


def onboarding() -> Iterator[Record]:
    process = OnboardingProcess(item_input("onboarding", "onboarding", item_id="itm_on"))
    yield process.opening()
    yield _do(process, "move_deadline", m.MoveDeadline(MANAGER, "step:contacts", date(2027, 1, 8)))
    yield from _wakes(process)
    yield _do(process, "complete_step", m.CompleteStep(LEAD, "contacts"))
    yield _do(process, "waive_step", m.WaiveStep(MANAGER, "baseline", "txt_reason"))
    yield _do(process, "complete_step", m.CompleteStep(LEAD, "agreement"))
    later = m.MoveDeadline(MANAGER, "step:welcome-call", date(2027, 2, 8))
    yield _do(process, "move_deadline", later)


def research() -> Iterator[Record]:
    process = ResearchRequestProcess(item_input("research", "3", item_id="itm_r3"))
    yield process.opening()
    yield from _wakes(process)
    yield _do(process, "ask_member", m.AskMember(MANAGER, "txt_reason"))
    yield _do(process, "answer_question", m.AnswerQuestion(LEAD, "txt_reason"))
    yield _do(process, "accept_request", m.AcceptRequest(MANAGER))
    scope = m.AgreeScope(MANAGER, "txt_request", "A note of four pages", date(2027, 1, 19))
    yield _do(process, "agree_scope", scope)
    yield _do(process, "assign_request", m.AssignRequest(MANAGER, RESEARCHER))
    yield _do(process, "deliver_request", m.DeliverRequest(RESEARCHER, "txt_reason"))
    yield _do(process, "return_delivery", m.ReturnDelivery(LEAD, "txt_reason"))
    yield _do(process, "deliver_request", m.DeliverRequest(RESEARCHER, "txt_reason"))
    yield _do(process, "accept_delivery", m.AcceptDelivery(LEAD))
    yield _do(process, "give_feedback", m.GiveFeedback(LEAD, 4, "txt_reason"))


def other_ends_of_research() -> Iterator[Record]:
    declined = ResearchRequestProcess(item_input("research", "4", item_id="itm_r4"))
    yield declined.opening()
    yield _do(declined, "decline_request", m.DeclineRequest(MANAGER, "txt_reason"))
    withdrawn = ResearchRequestProcess(item_input("research", "5", item_id="itm_r5"))
    yield withdrawn.opening()
    yield _do(withdrawn, "withdraw_request", m.WithdrawRequest(LEAD, "txt_reason"))
    stopped = ResearchRequestProcess(item_input("research", "8", item_id="itm_r8"))
    yield stopped.opening()
    yield _do(stopped, "accept_request", m.AcceptRequest(MANAGER))
    yield _do(stopped, "agree_scope", m.AgreeScope(MANAGER, "txt_request", "A note"))
    yield _do(stopped, "assign_request", m.AssignRequest(MANAGER, RESEARCHER))
    yield _do(stopped, "assign_request", m.AssignRequest(MANAGER, MANAGER))
    yield _do(stopped, "withdraw_request", m.WithdrawRequest(MANAGER, "txt_reason"))
    unanswered = ResearchRequestProcess(item_input("research", "6", item_id="itm_r6"))
    yield unanswered.opening()
    yield _do(unanswered, "ask_member", m.AskMember(MANAGER, "txt_reason"))
    yield from _wakes(unanswered)
    silent = ResearchRequestProcess(item_input("research", "7", item_id="itm_r7"))
    yield silent.opening()
    yield _do(silent, "accept_request", m.AcceptRequest(MANAGER))
    yield _do(silent, "agree_scope", m.AgreeScope(MANAGER, "txt_request", "A note"))
    yield _do(silent, "assign_request", m.AssignRequest(MANAGER, RESEARCHER))
    yield _do(silent, "deliver_request", m.DeliverRequest(RESEARCHER, "txt_reason"))
    yield from _wakes(silent)


def advice() -> Iterator[Record]:
    process = AdviceCycleProcess(item_input("advice", "1", item_id="itm_a1"))
    yield process.opening()
    yield from _wakes(process)
    sessions = tuple(NOON + timedelta(days=days) for days in (28, 29))
    yield _do(process, "propose_dates", m.ProposeDates(ADVISER, sessions))
    yield _do(process, "confirm_date", m.ConfirmDate(LEAD, 1))
    yield _do(process, "send_agenda", m.SendAgenda(ADVISER, "txt_reason"))
    yield _do(process, "miss_session", m.MissSession(ADVISER, "txt_reason"))
    yield _do(process, "propose_dates", m.ProposeDates(ADVISER, sessions[:1]))
    yield _do(process, "confirm_date", m.ConfirmDate(LEAD, 0))
    after = sessions[0] + timedelta(hours=2)
    yield _do(process, "hold_session", m.HoldSession(ADVISER), after)
    agreed = m.AgreedAction("a1", "txt_request", "lead", date(2027, 2, 1))
    yield _do(process, "record_notes", m.RecordNotes(ADVISER, "txt_reason", (agreed,)), after)
    yield from _wakes(process)
    done = m.CompleteAction(LEAD, "a1")
    yield _do(process, "complete_action", done, after + timedelta(days=50))


def review() -> Iterator[Record]:
    opens, due = NOON, calendar().closing(date(2027, 1, 19))
    first = rules().reviews[0]
    process = ReviewMilestoneProcess(
        item_input("review", first.key, item_id="itm_v1", at=opens, due=due)
    )
    yield process.opening()
    yield from _wakes(process)
    for check in first.checklist:
        yield _do(process, "add_evidence", m.AddEvidence(LEAD, check, "txt_request"))
    yield _do(process, "submit_review", m.SubmitReview(LEAD, "txt_reason"))
    yield _do(process, "return_review", m.ReturnReview(MANAGER, "txt_reason"))
    yield _do(process, "submit_review", m.SubmitReview(LEAD))
    yield _do(process, "sign_off_review", m.SignOffReview(MANAGER, "txt_reason"))


def engagement(ends: str) -> Iterator[Record]:
    process = EngagementProcess(engagement_input("WLS"))
    yield process.opening(NOON)
    onboarding = process.open_planned(process.upcoming()[0], NOON)
    ended = m.ItemEnded(onboarding.item_id, "onboarding", "onboarding", "completed", NOON)
    onboarded = process.item_ended(ended)
    assert onboarded is not None
    yield process.decide(onboarded, NOON)
    if ends == "withdrawn":
        command = m.Withdraw(MANAGER, "txt_reason")
        yield process.decide(lambda decision: process.withdraw(command, decision), NOON)
        return
    moved = m.MoveReview(MANAGER, "final", date(2028, 3, 1), "txt_reason")
    yield process.decide(lambda decision: process.move_review(moved, decision), NOON)
    while process.stage == "active":
        opening = process.upcoming()[0]
        item = process.open_planned(opening, opening.at)
        report = m.ItemEnded(item.item_id, item.kind, item.key, "signed_off", opening.at)
        said = process.item_ended(report)
        if said is not None:
            yield process.decide(said, opening.at)
    yield process.decide(lambda decision: process.complete(m.Complete(MANAGER), decision), NOON)


async def all_told(database: Database) -> list[MailboxMessage]:
    """Everything that the journeys say, each when it was decided."""
    clock = [NOON]
    post = Post(database, clock=lambda: clock[0])

    async def play(records: Iterator[Record]) -> None:
        for one in records:
            clock[0] = max((fact.at for fact in one.facts), default=clock[0])
            await post.write(one)
            await post.deliver(one)

    for ends, after in (("completed", 0), ("withdrawn", 100)):
        await play(replace(one, sequence=one.sequence + after) for one in engagement(ends))
        # The same member starts anew, with numbers that go on, for what comes next.
        await post.write(replace(closing(90, "active"), sequence=90 + after))
    for story in (onboarding, research, other_ends_of_research, advice, review):
        await play(story())
    return await post.mails()


async def test_processes_say_every_kind_and_a_subject_names_the_member_for_the_office(
    database: Database,
) -> None:
    sent = await all_told(database)
    states = await Post(database).states()
    assert {state for state, _ in states.values()} == {"accepted"}
    # An answer by email is told without a process: see inbound/test_taking.py. What is called off
    # is told to those who have it in their calendar: see test_calendar_stories.py. Who takes over
    # is no process's business either: see test_successors.py. Nothing is late here, so nothing is
    # combined with other emails: see test_batching.py.
    elsewhere = {*(kind for kind in KINDS if kind.startswith("reply.")), *CALLED_OFF}
    elsewhere |= {NEW_IN_TEAM, NEW_LEAD, CATCH_UP}
    assert {mail.kind for mail in sent} == set(KINDS) - elsewhere
    # A subject names the member for the office alone.
    subjects = {(one.kind, one.to_name, one.subject) for one in sent}
    assert {
        ("onboarding.step_ready", "Mair Evans", "Next step: Hold the welcome call (Cardiff)"),
        ("task.moved", "Mair Evans", "New date: Hold the welcome call (Cardiff)"),
        ("task.moved", "Lena Price", "New date: Name your lead and your contacts"),
    } <= subjects, sorted(subjects)


async def test_a_new_date_of_a_review_says_what_it_was_why_and_what_follows(
    database: Database,
) -> None:
    post, process = Post(database), _onboarded_engagement()
    await post.write(_moved(process, "six-month", date(2027, 9, 13)))
    again = _moved(process, "six-month", date(2027, 9, 20))
    await post.write(again)
    await post.deliver(again)
    [mail] = [one for one in await post.mails() if one.kind == "review.replanned"]
    assert (mail.to_name, mail.subject) == ("Lena Price", "New date: Six-month review")
    assert "It was Monday 13 September 2027." in mail.text
    assert "Six-month review is now due by Monday 20 September 2027." in mail.text
    assert "We have merged with our neighbours." in mail.text
    listed = [line.strip() for line in mail.text.splitlines() if line.strip().startswith("- ")]
    assert [line.partition(":")[0] for line in listed] == ["- Six-month review", "- Final review"]


async def test_a_new_date_that_changed_again_is_not_announced(
    database: Database,
) -> None:
    post, process = Post(database), _onboarded_engagement()
    moves = [_moved(process, "six-month", date(2027, 9, day)) for day in (6, 13)]
    await post.write(*moves)
    for one in moves:
        await post.deliver(one)
    async with database.reading() as session:
        found = (await session.execute(notifications.select())).all()
    assert {(one.rung, one.state, one.reason) for one in found} == {
        ("six-month#3", "withheld", "moved"),
        ("six-month#4", "accepted", ""),
    }


def _onboarded_engagement() -> EngagementProcess:
    process = EngagementProcess(engagement_input("WLS"))
    process.opening(NOON)
    item = process.open_planned(process.upcoming()[0], NOON)
    said = process.item_ended(
        m.ItemEnded(item.item_id, "onboarding", "onboarding", "completed", NOON)
    )
    assert said is not None
    process.decide(said, NOON)
    return process


def _moved(process: EngagementProcess, review: str, day: date) -> Record:
    command = m.MoveReview(MANAGER, review, day, "txt_reason")
    return process.decide(lambda decision: process.move_review(command, decision), NOON)
