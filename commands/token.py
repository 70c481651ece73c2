"""`milepost token`: make, list and revoke the bearer tokens of the API."""

from dataclasses import asdict
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from commands.lookup import holder_named, member_named
from commands.outcome import Exit, Stop, ending
from commands.reach import with_backend, with_database
from commands.show import AsJson, print_json, print_sentence, print_table
from services.backend import Backend
from services.permissions import OPERATOR
from services.tokens import NewToken, make_token, revoke_token
from storage.database import Database
from storage.queries.access import TokenRow, list_tokens
from storage.queries.members import contacts_of

app = typer.Typer(help="Make, list and revoke tokens for the API.", no_args_is_help=True)


@app.command()
def create(
    holder: Annotated[
        str | None, typer.Argument(help="A person's id, name or address, or a contact's id.")
    ] = None,
    member: Annotated[
        str | None, typer.Option(help="Instead: a member, whose lead contact gets it.")
    ] = None,
    label: Annotated[str, typer.Option(help="What it is for.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make a token with which its holder can use the API.

    It is shown only once, because only its hash is kept.
    """

    async def work(backend: Backend) -> NewToken:
        async with backend.database.reading() as session:
            holder_id = await _holder(session, holder, member)
        return await make_token(backend, OPERATOR, holder_id, label)

    with ending(as_json):
        made = with_backend(work)
    if as_json:
        print_json(asdict(made))
    else:
        print_sentence(f"A token for a {made.role} ({made.id}). It is shown only now, so keep it:")
        typer.echo(made.secret)


@app.command()
def revoke(
    token: Annotated[str, typer.Argument(help="The token's id, as `list` shows it.")],
    as_json: AsJson = False,
) -> None:
    """Revoke a token.

    Exit code 1: there is no token of that id.
    """

    async def work(backend: Backend) -> bool:
        return await revoke_token(backend, OPERATOR, token)

    with ending(as_json):
        ended = with_backend(work)
    if as_json:
        print_json({"id": token, "was_valid": ended})
    else:
        print_sentence(
            f"The token {token} is revoked."
            if ended
            else f"The token {token} had been revoked before."
        )


@app.command("list")
def list_all(as_json: AsJson = False) -> None:
    """List all tokens, with the revoked ones. Their secrets are not kept."""

    async def read(database: Database) -> tuple[TokenRow, ...]:
        async with database.reading() as session:
            return await list_tokens(session)

    with ending(as_json):
        tokens = with_database(read)
    if as_json:
        print_json(tokens)
        return
    print_table(
        "Tokens",
        ["Holder", "Role", "Label", "Created", "Revoked", "Id"],
        [
            (each.holder_name, each.role, each.label, each.created_at, each.revoked_at, each.id)
            for each in tokens
        ],
    )


async def _holder(session: AsyncSession, holder: str | None, member: str | None) -> str:
    if (holder is None) == (member is None):
        raise Stop(
            "Give one holder: a person or contact, or a member with --member.", code=Exit.USAGE
        )
    if member is not None:
        whose = await member_named(session, member)
        return next(each.id for each in await contacts_of(session, whose.id) if each.lead)
    assert holder is not None
    return (await holder_named(session, holder)).id
