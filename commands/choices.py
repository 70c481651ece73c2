"""`milepost choices`: how a person wants their emails."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Annotated

import typer

from commands.lookup import holder_named
from commands.outcome import ending
from commands.reach import with_backend
from commands.show import AsJson, print_json, print_table
from notifications.delivery.preferences import Choices
from programmes.vocabulary import Mode, Reminders
from services.backend import Backend
from services.choices import choices_for, set_choices_for
from services.permissions import OPERATOR
from storage.master.checks import NewChoices

app = typer.Typer(help="Show and set how a person wants their emails.", no_args_is_help=True)

Holder = Annotated[str, typer.Argument(help="A contact's id, or a person's id, name or address.")]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NONE = "none"


@app.command()
def show(holder: Holder, as_json: AsJson = False) -> None:
    """Show how a person wants their emails.

    Exit code 1: there is no such person.
    """

    async def read(backend: Backend) -> Choices:
        async with backend.database.reading() as session:
            whose = await holder_named(session, holder)
        return await choices_for(backend, OPERATOR, whose.id, whose.member_id)

    with ending(as_json):
        chosen = with_backend(read)
    _print(chosen, as_json)


@app.command("set")
def set_some(
    holder: Holder,
    language: Annotated[Mode | None, typer.Option(help="English, Welsh, or both.")] = None,
    reminders: Annotated[
        Reminders | None,
        typer.Option(help="One email for each reminder, or collected once a week."),
    ] = None,
    digests: Annotated[
        bool | None, typer.Option("--digests/--no-digests", help="Whether to send summaries.")
    ] = None,
    quiet: Annotated[
        str | None,
        typer.Option(help=f"Days on which emails wait, such as fri or wed,fri; or {_NONE}."),
    ] = None,
    away: Annotated[
        str | None,
        typer.Option(help=f"FIRST:LAST:DELEGATE, two dates and an id; or {_NONE}."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Change the choices that are given, and keep the rest.

    Exit code 1: a value is invalid. Then nothing is stored.
    """
    days = _days(quiet)
    absence = _absence(away)

    async def work(backend: Backend) -> Choices:
        async with backend.database.reading() as session:
            whose = await holder_named(session, holder)
        held = await choices_for(backend, OPERATOR, whose.id, whose.member_id)
        given = NewChoices(
            language=language or held.language,
            reminders=reminders or held.reminders,
            digests=held.digests if digests is None else digests,
            quiet_weekdays=held.quiet_weekdays if days is None else days,
            absent_from=held.absent_from,
            absent_until=held.absent_until,
            delegate_id=held.delegate_id,
        )
        if absence is not None:
            first, last, delegate = absence
            given = replace(given, absent_from=first, absent_until=last, delegate_id=delegate)
        return await set_choices_for(backend, OPERATOR, whose.id, given, whose.member_id)

    with ending(as_json):
        chosen = with_backend(work)
    _print(chosen, as_json)


def _days(quiet: str | None) -> tuple[int, ...] | None:
    if quiet is None:
        return None
    try:
        return tuple(DAYS.index(day.strip()) for day in quiet.split(",") if day != _NONE)
    except ValueError:
        raise typer.BadParameter(
            f"Write days as {', '.join(DAYS)}, with commas between them.", param_hint="--quiet"
        ) from None


def _absence(away: str | None) -> tuple[date | None, date | None, str | None] | None:
    if away is None:
        return None
    if away == _NONE:
        return None, None, None
    try:
        first, last, delegate = away.split(":")
        return date.fromisoformat(first), date.fromisoformat(last), delegate
    except ValueError:
        raise typer.BadParameter(
            "Write FIRST:LAST:DELEGATE, such as 2027-08-02:2027-08-13:con_abc.", param_hint="--away"
        ) from None


LANGUAGE_NAMES: Mapping[Mode, str] = {
    "en": "English",
    "cy": "Cymraeg",
    "both": "Cymraeg and English, both in one email",
}
REMINDERS: Mapping[Reminders, str] = {
    "single": "one email each",
    "digest": "collected once a week",
}


def _print(chosen: Choices, as_json: bool) -> None:
    if as_json:
        print_json(chosen)
        return
    print_table(
        "Email choices",
        ["Choice", "Chosen"],
        [
            ("Language", LANGUAGE_NAMES[chosen.language]),
            ("Reminders", REMINDERS[chosen.reminders]),
            ("Summaries", "yes" if chosen.digests else "no"),
            ("Quiet days", ", ".join(DAYS[day] for day in chosen.quiet_weekdays)),
            ("Away", _period(chosen)),
        ],
    )


def _period(chosen: Choices) -> str:
    if not chosen.delegate_id:
        return ""
    away = f"from {chosen.absent_from} to {chosen.absent_until}"
    return f"{away}; emails go to {chosen.delegate_id}"
