"""Small journeys that take every exit of every process: their histories are kept and replayed."""

from datetime import UTC, datetime, time, timedelta

from programmes.rules import ItemKind
from programmes.vocabulary import Nation
from tests.replay.playing import Play, Story, far_calendar
from tests.workflows.stories import ADVISER, MANAGER, RESEARCHER
from workflows.messages import (
    AcceptDelivery,
    AcceptRequest,
    AddEvidence,
    AgreedAction,
    AgreeScope,
    AnswerQuestion,
    AskMember,
    AssignRequest,
    CloseCycle,
    Complete,
    CompleteAction,
    CompleteStep,
    ConfirmDate,
    DeclineRequest,
    DeliverRequest,
    GiveFeedback,
    HoldSession,
    MissSession,
    MoveDeadline,
    MoveReview,
    ProposeDates,
    RecordNotes,
    ReturnDelivery,
    ReturnReview,
    SendAgenda,
    SignOffReview,
    SubmitReview,
    WaiveStep,
    Withdraw,
    WithdrawRequest,
)

ONBOARDING = "onboarding"


async def year(play: Play) -> None:
    """A whole year, with everything that may happen to a request, a cycle and a review."""
    await onboard(play)
    requested = await requests(play)
    await first_cycle(play)
    await first_review(play)
    await second_cycle(play)
    await play.keep("closed", *(("research", one) for one in requested), ("advice", "1"))
    await second_review(play)
    await third_cycle(play)
    await last_review(play)


async def onboard(play: Play) -> None:
    """Steps completed, completed on an earlier day, waived; one is chased first."""
    lead, text = play.lead, await play.text()
    await play.after(7)
    earlier = (await play.now()).date() - timedelta(days=3)
    await play.item("onboarding", ONBOARDING, CompleteStep(lead, "contacts", done_on=earlier))
    await play.after(21)
    await play.keep("chased", ("onboarding", ONBOARDING))
    await play.item(
        "onboarding",
        ONBOARDING,
        CompleteStep(lead, "agreement", text),
        WaiveStep(MANAGER, "baseline", text),
        CompleteStep(MANAGER, "welcome-call"),
        CompleteStep(MANAGER, "plan"),
    )
    await play.after(1)
    await play.keep("completed", ("onboarding", ONBOARDING))


async def requests(play: Play) -> list[str]:
    """Declined, never answered, accepted by itself, returned and accepted, withdrawn."""
    lead, text = play.lead, await play.text()
    declined, silent, untouched, full, dropped = [await play.submit() for _ in range(5)]
    await play.request(declined, DeclineRequest(MANAGER, text))
    await play.request(silent, AskMember(MANAGER, text))
    await play.request(untouched, *to_delivery(text))
    await play.request(full, AskMember(MANAGER, text), AnswerQuestion(lead, text))
    await play.request(dropped, AcceptRequest(MANAGER))
    await play.after(2)
    due = (await play.now()).date() + timedelta(days=20)
    await play.request(
        full,
        AcceptRequest(MANAGER),
        AgreeScope(MANAGER, text, "note", due),
        AssignRequest(MANAGER, "per_adviser"),
        AssignRequest(MANAGER, RESEARCHER),
        MoveDeadline(MANAGER, "draft", due + timedelta(days=9), text),
    )
    await play.request(dropped, WithdrawRequest(lead, text))
    await play.keep_engagement("open")
    await play.keep("open", ("research", silent), ("research", untouched), ("research", full))
    await play.request(full, DeliverRequest(RESEARCHER, text), ReturnDelivery(lead, text))
    await play.after(1)
    await play.request(
        full, DeliverRequest(RESEARCHER, text), AcceptDelivery(lead), GiveFeedback(lead, 4, text)
    )
    # The ladders of two go on to their ends: no answer closes one, silence accepts the other.
    return [declined, silent, untouched, full, dropped]


def to_delivery(text: str) -> list[object]:
    """From triage to the member's acceptance."""
    return [
        AcceptRequest(MANAGER),
        AgreeScope(MANAGER, text, "note"),
        AssignRequest(MANAGER, RESEARCHER),
        DeliverRequest(RESEARCHER, text),
    ]


async def first_cycle(play: Play) -> None:
    """Dates proposed anew, a session missed, then held; one of two actions is never done."""
    lead, text = play.lead, await play.text()
    await play.after(9)
    for _ in range(2):
        await play.item("advice", "1", ProposeDates(ADVISER, await dates(play)))
    await play.item("advice", "1", ConfirmDate(lead, 1), MissSession(ADVISER, text))
    await play.item("advice", "1", ProposeDates(ADVISER, await dates(play)))
    await play.item("advice", "1", ConfirmDate(lead, 0))
    await play.after(8)
    await play.keep("session", ("advice", "1"))
    await play.item("advice", "1", SendAgenda(ADVISER, text))
    await play.after(6)
    due = (await play.now()).date() + timedelta(days=14)
    agreed = (AgreedAction("a1", text, "lead", due), AgreedAction("a2", text, ADVISER, due))
    await play.item("advice", "1", HoldSession(ADVISER), RecordNotes(ADVISER, text, agreed))
    await play.after(3)
    later = due + timedelta(days=7)
    await play.item(
        "advice", "1", CompleteAction(lead, "a1"), MoveDeadline(MANAGER, "action:a2", later)
    )


async def dates(play: Play) -> tuple[datetime, datetime]:
    """Two working days, in about two weeks."""
    calendar = far_calendar()
    today = calendar.local_date(await play.now())
    days = [calendar.roll_forward(today + timedelta(days=ahead)) for ahead in (13, 15)]
    return tuple(datetime.combine(day, time(10), UTC) for day in days)  # type: ignore[return-value]


async def first_review(play: Play) -> None:
    """Evidence is replaced, the review returned, and signed off in the end."""
    lead, text = play.lead, await play.text()
    await play.after(40)
    await play.item(
        "review",
        "three-month",
        AddEvidence(lead, "plan-progress", text),
        AddEvidence(lead, "plan-progress", text),
        AddEvidence(lead, "support", text),
        SubmitReview(lead, text),
        ReturnReview(MANAGER, text),
    )
    await play.after(3)
    await play.item("review", "three-month", SubmitReview(lead), SignOffReview(MANAGER, text))
    await play.keep("signed", ("review", "three-month"))


async def second_cycle(play: Play) -> None:
    """It takes over the open action of the first, and ends when that is done."""
    lead, text = play.lead, await play.text()
    await play.after(30)
    today = (await play.now()).date()
    await play.item(
        "advice",
        "2",
        HoldSession(ADVISER, held_on=today),
        RecordNotes(ADVISER, text),
        CompleteAction(ADVISER, "a2", text),
    )
    await play.keep("done", ("advice", "2"))
    # The evening: the acknowledgement waits for the morning.
    await play.after(1, hour=21)
    await play.request(await play.submit(), WithdrawRequest(lead, text))


async def second_review(play: Play) -> None:
    """Moved before it opens, and once more after that."""
    lead, text = play.lead, await play.text()
    today = (await play.now()).date()
    await play.do(MoveReview(MANAGER, "six-month", today + timedelta(days=50), text))
    await play.after(25)
    moved = MoveDeadline(MANAGER, "submit", today + timedelta(days=60), text)
    await play.item("review", "six-month", moved)
    await play.after(20)
    await play.keep_engagement("replanned")
    await play.keep("moved", ("review", "six-month"))
    evidence = [AddEvidence(lead, one, text) for one in ("plan-progress", "evidence", "next-half")]
    await play.item("review", "six-month", *evidence, SubmitReview(lead), SignOffReview(MANAGER))


async def third_cycle(play: Play) -> None:
    """No date is proposed in spite of all reminders, and the session is called off."""
    await play.after(60)
    await play.keep("chased", ("advice", "3"))
    await play.item("advice", "3", CloseCycle(ADVISER, await play.text()))
    await play.keep("called-off", ("advice", "3"))


async def last_review(play: Play) -> None:
    """Chased past its date; then all is done."""
    lead, text = play.lead, await play.text()
    await play.after(150)
    await play.keep("late", ("review", "final"))
    checks = ("outcomes", "baseline-again", "example", "lessons")
    evidence = [AddEvidence(lead, one, text) for one in checks]
    await play.item("review", "final", *evidence, SubmitReview(lead), SignOffReview(MANAGER))
    for cycle in await play.open_items("advice"):
        await play.item("advice", cycle, CloseCycle(ADVISER, text))
    await play.after(1)
    await play.do(Complete(MANAGER))
    await play.after(1)
    await play.keep_engagement("completed")
    await play.keep("signed", ("review", "final"), ("review", "six-month"))


async def left(play: Play) -> None:
    """A member that leaves in the evening, with one item of each kind open."""
    text = await play.text()
    steps = ("agreement", "contacts", "baseline", "welcome-call", "plan")
    await play.item("onboarding", ONBOARDING, *(CompleteStep(MANAGER, one) for one in steps))
    await play.after(80)
    request = await play.submit()
    await play.request(request, AcceptRequest(MANAGER))
    await play.after(1, hour=20)
    await play.do(Withdraw(MANAGER, text))
    await play.after(4)
    await play.keep_engagement("withdrawn")
    await play.keep("completed", ("onboarding", ONBOARDING))
    items: list[tuple[ItemKind, str]] = [("advice", "1"), ("review", "three-month")]
    await play.keep("withdrawn", ("research", request), *items)


async def barely_begun(play: Play) -> None:
    """A member that leaves before the onboarding is over."""
    await play.after(1)
    await play.item("onboarding", ONBOARDING, CompleteStep(play.lead, "contacts"))
    await play.do(Withdraw(MANAGER, await play.text()))
    await play.after(1)
    await play.keep_engagement("withdrawn")
    await play.keep("withdrawn", ("onboarding", ONBOARDING))
    await play.tell_of_an_answer()


async def north(play: Play) -> None:
    """A Scottish member that works while the office is closed: who hears of it on which day."""
    lead, text = play.lead, await play.text()
    await play.until_a_day_off_of_the_office()
    request = await play.submit()
    await play.request(request, AcceptRequest(MANAGER), AgreeScope(MANAGER, text, "note"))
    steps = ("agreement", "contacts", "baseline", "welcome-call", "plan")
    await play.item("onboarding", ONBOARDING, *(CompleteStep(lead, one) for one in steps))
    await play.after(2)
    await play.do(Withdraw(MANAGER, text))
    await play.after(1)
    await play.keep_engagement("withdrawn")
    await play.keep("completed", ("onboarding", ONBOARDING))
    await play.keep("withdrawn", ("research", request))


STORIES: dict[str, Story] = {"year": year, "left": left, "barely": barely_begun, "north": north}
"""On a time-skipping server, one after the other."""

NATIONS: dict[str, Nation] = {"north": "SCT"}
"""Where the member of a story is, unless it is in England."""
