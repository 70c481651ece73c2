"""Commands on recipients' choices and suppressed addresses."""

from notifications.delivery.preferences import Choices, choices_of
from notifications.senders.sendgrid_lists import StillListed, take_off
from notifications.sentences import reason_sentence
from services.backend import Backend, writing
from services.permissions import Actor, require
from services.problems import Problem
from services.releasing import release, withheld_for
from storage.master.checks import NewChoices
from storage.master.choices import set_choices
from storage.master.suppressions import holders_of, lift, suppressed_address
from storage.queries.members import show_member, show_person


async def own_choices(backend: Backend, actor: Actor) -> Choices:
    """The caller's choices."""
    require(actor, "show_my_choices")
    async with backend.database.reading() as session:
        return await choices_of(session, actor.holder_id)


async def set_own_choices(backend: Backend, actor: Actor, given: NewChoices) -> Choices:
    """Set the caller's choices."""
    require(actor, "set_my_choices")
    return await _set(backend, actor, actor.holder_id, given)


async def choices_for(
    backend: Backend, actor: Actor, holder_id: str, member_id: str = ""
) -> Choices:
    """The choices of a contact of that member, or of a person of the office."""
    require(actor, "show_contact_choices" if member_id else "show_person_choices")
    await require_holder(backend, holder_id, member_id)
    async with backend.database.reading() as session:
        return await choices_of(session, holder_id)


async def set_choices_for(
    backend: Backend, actor: Actor, holder_id: str, given: NewChoices, member_id: str = ""
) -> Choices:
    """Set the choices of a contact or person who asked for it."""
    require(actor, "set_contact_choices" if member_id else "set_person_choices")
    await require_holder(backend, holder_id, member_id)
    return await _set(backend, actor, holder_id, given)


async def lift_suppression(
    backend: Backend, actor: Actor, suppression_id: str, *, by_hand: bool = False
) -> list[str]:
    """Send to an address again. Returns the emails that are tried again.

    The address leaves the provider's own lists first, because the provider drops emails to
    listed addresses. ``by_hand`` says that the manager has removed it there.
    """
    require(actor, "lift_suppression")
    if not by_hand:
        await _take_off_lists(backend, suppression_id)
    async with writing(backend) as session:
        address = (await lift(session, actor.holder_id, backend.now(), suppression_id)).address
        waiting = await withheld_for(backend, session, await holders_of(session, address))
    await release(backend, actor, waiting)
    return [one.id for one in waiting]


async def _take_off_lists(backend: Backend, suppression_id: str) -> None:
    settings = backend.settings
    if settings.sender != "sendgrid" or settings.sendgrid_sandbox:
        return
    async with backend.database.reading() as session:
        address = await suppressed_address(session, suppression_id)
    if address is None:
        raise Problem("not-found")
    try:
        await take_off(
            settings.sendgrid_api_key, settings.sendgrid_host, address, settings.mail_timeout
        )
    except StillListed as listed:
        raise Problem("still-listed", reason=reason_sentence(listed.reason)) from None


async def _set(backend: Backend, actor: Actor, holder_id: str, given: NewChoices) -> Choices:
    async with writing(backend) as session:
        await set_choices(session, actor.holder_id, backend.now(), holder_id, given)
        return await choices_of(session, holder_id)


async def require_holder(backend: Backend, holder_id: str, member_id: str) -> None:
    """Raise ``not-found`` unless this is a contact of that member, or a person of the office."""
    async with backend.database.reading() as session:
        if member_id:
            member = await show_member(session, member_id)
            known = member is not None and any(one.id == holder_id for one in member.contacts)
        else:
            known = await show_person(session, holder_id) is not None
    if not known:
        raise Problem("not-found")
