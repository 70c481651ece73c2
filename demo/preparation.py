"""Sets the stage with the command line's own functions: programmes, people, members, tokens."""

from commands.front_desk import FrontDesk
from demo.memory import Memory
from demo.player import lead_of
from demo.story import Story
from programmes.definition import Definition

LABEL = "demo"
"""Marks the tokens that the story's people use, so that they end with the demo."""

YOURS = "demo, for you"
"""Marks the token that is printed for whoever watches; the next demo prints another."""


async def prepare(desk: FrontDesk, story: Story, memory: Memory) -> dict[str, Definition]:
    """Add what is not there yet; the definitions by id. Raises Stop where something is refused."""
    definitions = {name: await desk.add_built_in(name) for name in story.programmes()}
    for key, person in story.people.items():
        if key not in memory.people:
            memory.people[key] = await desk.add_person(person.name, person.email, person.role)
            memory.keep()
    readers = [memory.people[key] for key, one in story.people.items() if one.role == "viewer"]
    for definition in definitions.values():
        await desk.name_funders(definition.id, readers)
    for key, member in story.members.items():
        if key not in memory.members:
            contacts = [(each.name, each.email, each.lead) for each in member.contacts]
            added = await desk.add_sample_member(member.name, member.nation, contacts)
            memory.members[key], memory.leads[key] = added
            memory.keep()
    return definitions


async def hand_out_tokens(desk: FrontDesk, memory: Memory) -> dict[str, str]:
    """A token for each person and each lead contact; those of an earlier demo end."""
    await take_tokens_back(desk)
    holders = memory.people | {lead_of(key): contact for key, contact in memory.leads.items()}
    return {who: await desk.make_token(holder, LABEL) for who, holder in holders.items()}


async def token_to_try(desk: FrontDesk, memory: Memory, who: str) -> str:
    """A token for whoever watches; the one of an earlier demo ends."""
    await desk.revoke_tokens(YOURS)
    return await desk.make_token(memory.people[who], YOURS)


async def take_tokens_back(desk: FrontDesk) -> None:
    """End the tokens of the story's people."""
    await desk.revoke_tokens(LABEL)
