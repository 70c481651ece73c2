"""Master data as the API shows it: programmes, members, people."""

from notifications.titles import parsed_in_thread
from services.permissions import Actor
from services.views import office_rows as office
from storage.queries.members import MemberDetail, PersonRow
from storage.queries.programmes import ProgrammeRow


def programme(row: ProgrammeRow) -> office.Programme:
    """One version of a programme."""
    return office.Programme(
        id=row.id, version=row.version, title=row.title, created_at=row.created_at
    )


async def programme_detail(row: ProgrammeRow) -> office.ProgrammeDetail:
    """One version with what its definition lays down."""
    definition, _ = await parsed_in_thread(row.source)
    return office.ProgrammeDetail(
        **programme(row).model_dump(),
        host=definition.host,
        funder=definition.funder,
        supporters=list(definition.supporters),
        themes=[theme.id for theme in definition.themes],
        onboarding=[
            office.StepSummary(id=step.id, title=step.title, owner=step.owner, due=step.due)
            for step in definition.onboarding.steps
        ],
        reviews=[
            office.StepSummary(
                id=review.id, title=review.title, owner=review.submit.owner, due=review.plus
            )
            for review in definition.reviews
        ],
        advice_every=definition.advice.every if definition.advice else None,
        research=definition.research is not None,
        source=row.source,
    )


def member(actor: Actor, found: MemberDetail) -> office.MemberDetail:
    """A member with its contacts; their addresses are not for viewers."""
    return office.MemberDetail(
        id=found.member.id,
        name=found.member.name,
        nation=found.member.nation,
        sample=found.member.sample,
        contacts=[
            office.Contact(
                id=contact.id,
                name=contact.name,
                email=contact.email if actor.reads_texts else None,
                lead=contact.lead,
                active=contact.active,
            )
            for contact in found.contacts
        ],
        blackouts=[office.BlackoutAnswer.model_validate(one) for one in found.blackouts],
    )


def person(row: PersonRow) -> office.Person:
    """Somebody of the office."""
    return office.Person(
        id=row.id, name=row.name, email=row.email, role=row.role, active=row.active
    )
