"""Programmes for tests on a real server, in seconds: they remind soon, or of nothing at all."""

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from programmes.rules import LadderRule, Rules, RungRule, StageRule
from tests.workflows.office import Office, council
from tests.workflows.stories import calendar, engagement_input, rules
from workflows.messages import EngagementInput

TOUR = "tour"

REMINDED, QUIET = "reminded", "quiet"
AHEAD_SECONDS = 30 * 60
"""How long before its date a step is reminded of: whatever breaks meanwhile, that is to come."""
EARLY = RungRule("early", f"-{AHEAD_SECONDS}s", ("owner",), "reminder")
LATE = RungRule("late", "60min", ("owner",), "overdue")
LADDERS = {
    REMINDED: LadderRule((EARLY, LATE), "120min"),
    QUIET: LadderRule((LATE,), "120min"),
}
"""A second after it is asked, a reminder; nothing more within any test."""


def sprint_rules() -> Rules:
    """The tour's processes at a run. What hangs on a fixed date is not reminded of: see above."""
    tour = rules(TOUR)
    assert tour.research is not None
    assert tour.advice is not None
    reminded = {"due": f"{AHEAD_SECONDS + 1}s", "ladder": REMINDED, "at_end": "escalate"}
    quiet = {"due": "60min", "ladder": QUIET, "at_end": "escalate"}

    def paced(stage: StageRule, pace: dict[str, str]) -> StageRule:
        return replace(stage, **pace)  # type: ignore[arg-type]

    research, advice = tour.research, tour.advice
    return replace(
        tour,
        ladders=LADDERS,
        onboarding=tuple(
            replace(step, stage=paced(step.stage, reminded)) for step in tour.onboarding
        ),
        research=replace(
            research,
            triage=paced(research.triage, reminded),
            answer=paced(research.answer, quiet),
            scope=paced(research.scope, quiet),
            assign=paced(research.assign, quiet),
            draft=paced(research.draft, reminded),
            acceptance=paced(research.acceptance, quiet),
            feedback=paced(research.feedback, reminded),
        ),
        advice=replace(
            advice,
            first="1s",
            interval="10d",
            propose=paced(advice.propose, reminded),
            confirm=paced(advice.confirm, quiet),
            agenda=paced(advice.agenda, {"due": "-2s", "ladder": QUIET}),
            session=paced(advice.session, quiet),
            notes=paced(advice.notes, reminded),
            action=paced(advice.action, quiet),
        ),
        reviews=tuple(
            replace(
                review,
                plus="3601s",
                opens="3600s",
                submit=paced(review.submit, quiet),
                sign_off=paced(review.sign_off, reminded),
                revise=paced(review.revise, quiet),
            )
            for review in tour.reviews
        ),
    )


def quiet_rules() -> Rules:
    """The same, without any reminder within a test."""
    return replace(sprint_rules(), ladders=dict.fromkeys(LADDERS, LADDERS[QUIET]))


def reminding_rules(seconds: int) -> Rules:
    """The quiet rules, but each step of the onboarding is reminded of once, after ``seconds``."""
    quiet = quiet_rules()
    ladders = {**quiet.ladders, "reminding": LADDERS[REMINDED]}
    due = f"{seconds + AHEAD_SECONDS}s"
    steps = (
        replace(one, stage=replace(one.stage, due=due, ladder="reminding"))
        for one in quiet.onboarding
    )
    return replace(quiet, ladders=ladders, onboarding=tuple(steps))


def quiet_engagement(**changes: Any) -> EngagementInput:
    """The input of an engagement in which only what a test does happens."""
    ready: dict[str, Any] = {
        # Several tests share a server, and none may find the workflow of another.
        "engagement_id": f"eng_{uuid.uuid4().hex[:12]}",
        "rules": quiet_rules(),
        "calendar": calendar("ENG", TOUR),
        "start": today(),
    }
    return engagement_input(**(ready | changes))


async def settle(office: Office, number: int) -> EngagementInput:
    """One more council with two contacts, and the engagement that it is to sprint through."""
    member = f"mem_sprint_{number}"
    rows = council(member, f"Sample council {number}", whose=str(number))
    async with office.database.transaction() as session:
        await rows.write(session)
    return quiet_engagement(member_id=member, rules=sprint_rules())


def today() -> date:
    """The office's day."""
    return calendar("ENG", TOUR).local_date(datetime.now(UTC))
