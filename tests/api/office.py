"""Two members in one programme, an item of every kind each, and a token for every role."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from programmes.facts import Fact, ItemState, Record, TaskState
from programmes.rules import ItemKind
from services.permissions import Role
from storage.record import write
from storage.sql import mailbox, notifications, suppressions, tokens
from tests.definitions import sources
from tests.storage.office import NOW, Rows, days, office

PROGRAMME = "inclusive-growth-network"

TOKENS: Mapping[Role, tuple[str, str]] = {
    "manager": ("mp_manager_token", "per_manager"),
    "researcher": ("mp_researcher_token", "per_researcher"),
    "adviser": ("mp_adviser_token", "per_adviser"),
    "viewer": ("mp_viewer_token", "per_funder"),
    "member": ("mp_member_token", "con_lead"),
}
"""The secret of each role's token, and its holder."""

REVOKED = "mp_revoked_token"
OF_A_FORMER_PERSON = "mp_gone_token"


@dataclass(frozen=True)
class Their:
    """The ids of one engagement's things."""

    member: str
    engagement: str
    contact: str

    @property
    def notification(self) -> str:
        """An email about the research request, with an unknown outcome."""
        return f"ntf_{self.engagement}"

    def item(self, kind: ItemKind) -> str:
        """The item of that kind; the ids are those that the workflows use."""
        key = {"onboarding": "onboarding", "review": "interim", "advice": "1", "research": "1"}
        if kind == "research":
            return f"itm_{self.engagement}"
        return f"{self.engagement}.{kind}.{key[kind]}"


CARDIFF = Their("mem_1", "eng_1", "con_lead")
GLASGOW = Their("mem_2", "eng_2", "con_two")
"""Another member's: no member's token sees it, and of the team only the manager works for it."""


def bearer(secret: str) -> dict[str, str]:
    """The header that a client sends."""
    return {"Authorization": f"Bearer {secret}"}


async def fill(session: AsyncSession) -> None:
    """Write the office down as the commands and workflows would."""
    rows = office()
    source = sources()[PROGRAMME]
    for table in list(rows.by_table):
        if table.name == "programmes":
            rows.by_table[table][0].update(id=PROGRAMME, title="Network", source=source)
        if table.name == "engagements":
            rows.by_table[table][0].update(programme_id=PROGRAMME, calendar=CALENDAR)
    rows.funder("per_funder", PROGRAMME)
    rows.member("mem_2", name="Glasgow", nation="SCT")
    rows.contact("con_two", "mem_2", lead=True)
    rows.engagement(
        "eng_2", "mem_2", programme_id=PROGRAMME, manager_id="per_manager", calendar=CALENDAR
    )
    rows.text("txt_request", "What raises pay in care work?")
    _tokens(rows)
    rows.add(
        suppressions,
        id="sup_1",
        address="gone@example.org",
        reason="bounced",
        notification_id=None,
        at=NOW,
        lifted_at=None,
        lifted_by=None,
    )
    _mail(rows)
    for their in (CARDIFF, GLASGOW):
        _notification(rows, their)
    await rows.write(session)
    for their, assignee in ((CARDIFF, "per_researcher"), (GLASGOW, "")):
        for record in records(their, assignee):
            await write(session, record, NOW)


def records(their: Their, assignee: str) -> list[Record]:
    """The opening of an engagement, and an item of every kind."""
    opening = Record(
        engagement_id=their.engagement,
        item_id=their.engagement,
        sequence=1,
        facts=(Fact("engagement.opened", NOW, "per_manager", {"start": "2027-01-11"}),),
    )
    return [
        opening,
        item_record(their, "onboarding", "steps", "step:agreement", "lead", ONBOARDING),
        item_record(
            their, "research", "draft", "draft", "researcher", {"request": "txt_request"}, assignee
        ),
        item_record(their, "advice", "actions", "action:act_1", "lead", ADVICE),
        item_record(their, "review", "preparing", "submit", "lead", REVIEW),
    ]


def item_record(
    their: Their,
    kind: ItemKind,
    stage: str,
    task: str,
    owner: str,
    data: Mapping[str, str],
    assignee: str = "",
) -> Record:
    """An item with one open task."""
    key = their.item(kind).rpartition(".")[2] if kind != "research" else "1"
    return Record(
        engagement_id=their.engagement,
        item_id=their.item(kind),
        sequence=1,
        facts=(Fact(f"{kind}.opened", NOW, text="txt_request" if kind == "research" else None),),
        item=ItemState(
            kind=kind, key=key, stage=stage, opened_at=NOW, data=data, assignee=assignee
        ),
        tasks=(
            TaskState(
                key=task,
                family="action" if task.startswith("action:") else kind,
                owner=owner,
                due_at=days(5),
                revision=1,
                soon_at=days(2),
                stuck_at=days(15),
                opened_at=NOW,
                text="txt_request" if task.startswith("action:") else None,
            ),
        ),
    )


ONBOARDING = {"step:agreement": "open", "step:baseline": "waiting"}
REVIEW = {"check:progress": "", "check:spending": "txt_request"}
ADVICE = {
    "session": "2027-01-08T10:00:00+00:00",
    "notes": "txt_request",
    "action:act_1": "open",
    "action:act_1:text": "txt_request",
    "action:act_1:owner": "lead",
    "action:act_1:due": date(2027, 1, 16).isoformat(),
}
CALENDAR: dict[str, Any] = {
    "zone": "Europe/London",
    "working_weekdays": [0, 1, 2, 3, 4],
    "opens": "09:00:00",
    "closes": "17:00:00",
    "send_from": "09:00:00",
    "send_until": "16:30:00",
    "non_working": ["2027-03-26", "2027-03-29"],
    "blackouts": [],
    "always_open": False,
}


def _tokens(rows: Rows) -> None:
    given: list[tuple[str, str, str, bool]] = [
        (secret, role, holder, False) for role, (secret, holder) in TOKENS.items()
    ]
    given.append((REVOKED, "manager", "per_manager", True))
    given.append((OF_A_FORMER_PERSON, "researcher", "per_gone", False))
    for secret, role, holder, revoked in given:
        rows.add(
            tokens,
            id=f"tok_{secret}",
            sha256=sha256(secret.encode()).hexdigest(),
            role=role,
            holder_id=holder,
            label="",
            created_at=NOW,
            revoked_at=NOW if revoked else None,
        )


def _notification(rows: Rows, their: Their) -> None:
    rows.add(
        notifications,
        id=their.notification,
        engagement_id=their.engagement,
        item_id=their.item("research"),
        sequence=1,
        kind="research.accepted",
        rung="#1",
        task="",
        revision=0,
        recipient_id=their.contact,
        selector="lead",
        text_id=None,
        state="unknown",
        reason="sendgrid_no_answer",
        not_before=None,
        reserved_at=NOW,
        changed_at=NOW,
        round=0,
        resolution="",
        resolved_at=None,
    )


def _mail(rows: Rows) -> None:
    rows.add(
        mailbox,
        notification_id="ntf_1",
        kind="research.new",
        to_name="Manager",
        to_email="per_manager@example.org",
        from_name="Network",
        from_email="office@example.org",
        subject="Cardiff has sent a <request>",
        text="Dear Manager,\nthere is a request.",
        html="<p>Dear Manager, there is a request.</p>",
        calendar_method="PUBLISH",
        calendar="BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
        at=NOW,
    )
