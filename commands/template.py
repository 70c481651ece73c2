"""`milepost template`: an office's own wording for its emails."""

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from commands.outcome import SENTENCES, Stop, ending
from commands.reach import with_backend, with_database
from commands.show import AsJson, console, print_json, print_sentence, print_table
from notifications.custom_templates import keeping
from notifications.custom_templates.check import check as check_draft
from notifications.custom_templates.draft import BUILT_IN, FILES, Draft, Fault, PartName
from notifications.custom_templates.grammar_check import variables
from notifications.custom_templates.preview import OVERRIDABLE
from notifications.kinds import Kind
from notifications.sentences import kind_title
from programmes.vocabulary import LANGUAGES, Language
from services.backend import Backend
from services.permissions import OPERATOR
from services.templates import choose_version, put_template, roll_back
from storage.database import Database
from storage.queries.templates import active_templates, counted_versions, template_versions

app = typer.Typer(help="Change the wording of emails.", no_args_is_help=True)

Programme = Annotated[str, typer.Argument(help="The programme's id.")]
KindName = Annotated[str, typer.Argument(help="The kind of email, such as research.delivered.")]
Spoken = Annotated[Language, typer.Argument(help="en or cy.")]
Folder = Annotated[
    Path,
    typer.Argument(
        exists=True,
        file_okay=False,
        help=f"A folder with any of {', '.join(FILES.values())}. The others stay built-in.",
    ),
]
MaybeVersion = Annotated[
    int | None, typer.Option(min=0, help="A stored version, instead of the one in use.")
]


@app.command("list")
def list_all(programme: Programme, as_json: AsJson = False) -> None:
    """List the kinds of email, and which version of each is in use.

    Version 0 is the built-in one.
    """

    async def read(database: Database) -> list[dict[str, object]]:
        async with database.reading() as session:
            active = await active_templates(session, programme)
            counted = await counted_versions(session, programme)
        used = {(row.kind, row.language): row.version for row in active}
        return [
            {
                "kind": kind,
                "language": language,
                "active": used.get((kind, language), BUILT_IN),
                "versions": counted.get((kind, language), 0),
            }
            for kind in OVERRIDABLE
            for language in LANGUAGES
        ]

    with ending(as_json):
        rows = with_database(read)
    if as_json:
        print_json(rows)
        return
    print_table(
        "Emails and their wording",
        ["Kind", "About", "Language", "Active", "Versions"],
        [(row["kind"], kind_title(str(row["kind"])), *list(row.values())[1:]) for row in rows],
    )


@app.command("show")
def show_one(
    programme: Programme,
    kind: KindName,
    language: Spoken,
    version: MaybeVersion = None,
    save: Annotated[
        Path | None, typer.Option(help="Save the files in this folder, to edit them.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the wording in use, all versions, and the names that you can use."""
    with ending(as_json):
        of = kind_named(kind)

        async def read(database: Database) -> tuple[Draft, list[dict[str, object]]]:
            async with database.reading() as session:
                draft = await _stored_draft(session, programme, of, language, version)
                rows = await template_versions(session, programme, of.name, language)
            history: list[dict[str, object]] = [
                {
                    "version": row.version,
                    "active": row.active,
                    "note": row.note,
                    "created_at": row.created_at,
                }
                for row in rows
            ]
            return draft, history

        draft, history = with_database(read)
    built_in = keeping.built_in(of, language)
    parts: dict[PartName, str] = {
        name: draft.parts().get(name, vars(built_in)[name]) for name in FILES
    }
    if save is not None:
        save.mkdir(parents=True, exist_ok=True)
        for name, file in FILES.items():
            (save / file).write_text(parts[name], encoding="utf-8")
        print_sentence(f"Saved in {save}. Edit the files, then run: milepost template check")
        return
    if as_json:
        names = {name: list(inner) for name, inner in variables(of.context).items()}
        shown = {str(name): source for name, source in parts.items()}
        print_json({**shown, "history": history, "variables": names})
        return
    for name, file in FILES.items():
        own = "your own" if name in draft.parts() else "built-in"
        console().print(f"{file} ({own})\n{parts[name]}\n", markup=False, soft_wrap=True)
    print_sentence(f"Names that you can use: {', '.join(sorted(variables(of.context)))}.")
    print_table(
        "Your versions",
        ["Version", "Active", "Note", "When"],
        [tuple(row.values()) for row in history],
    )


@app.command()
def check(kind: KindName, language: Spoken, folder: Folder, as_json: AsJson = False) -> None:
    """List every error in a draft. Nothing is stored.

    Exit code 1: it has errors.
    """
    with ending(as_json):
        faults = check_draft(kind_named(kind), language, read_draft(folder))
        if as_json:
            print_json({"ok": not faults, "faults": faults})
        if faults:
            if as_json:
                raise typer.Exit(1)
            raise _faulty(faults)
    if not as_json:
        print_sentence("The draft has no errors.")


@app.command()
def put(
    programme: Programme,
    kind: KindName,
    language: Spoken,
    folder: Folder,
    activate: Annotated[bool, typer.Option(help="Use it at once.")] = False,
    note: Annotated[str, typer.Option(help="Why you changed it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Store a draft as the next version.

    Exit code 1: it has errors, or there is no such programme. Then nothing is stored.
    """
    with ending(as_json):
        of, draft = kind_named(kind), read_draft(folder)

        async def work(backend: Backend) -> int:
            return await put_template(
                backend, OPERATOR, programme, of, language, draft, note=note, activate=activate
            )

        version = with_backend(work)
    if as_json:
        print_json({"version": version, "active": activate})
    else:
        print_sentence(
            f"Version {version} is in use. Version 0 is the built-in one."
            if activate
            else (
                f"Stored as version {version}. To use it: milepost template rollback {programme}"
                f" {kind} {language} --to {version}"
            )
        )


@app.command()
def rollback(
    programme: Programme,
    kind: KindName,
    language: Spoken,
    to: Annotated[
        int | None, typer.Option(min=0, help="The version to use; 0 is the built-in one.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Use the version before the one in use, or the one that you name."""
    with ending(as_json):
        of = kind_named(kind)

        async def work(backend: Backend) -> int:
            if to is None:
                return await roll_back(backend, OPERATOR, programme, of, language)
            await choose_version(backend, OPERATOR, programme, of, language, to)
            return to

        version = with_backend(work)
    if as_json:
        print_json({"active": version})
    else:
        print_sentence(f"Version {version} is in use. Version 0 is the built-in one.")


def kind_named(name: str) -> Kind:
    """A kind of email. Raises Stop where there is none of that name."""
    if name not in OVERRIDABLE:
        raise Stop(f"There is no kind of email {name!r}. There are: {', '.join(OVERRIDABLE)}.")
    return OVERRIDABLE[name]


def read_draft(folder: Path) -> Draft:
    """The draft in a folder."""
    read = {
        name: (folder / file).read_text(encoding="utf-8") if (folder / file).is_file() else ""
        for name, file in FILES.items()
    }
    # An editor ends a file with a line break; a subject has none.
    return Draft(read["subject"].strip(), read["text"], read["html"])


def _faulty(faults: tuple[Fault, ...]) -> Stop:
    """Ends a command with every error in a draft."""
    return Stop(SENTENCES["template-invalid"], details=[str(one) for one in faults])


async def _stored_draft(
    session: AsyncSession, programme: str, kind: Kind, language: Language, version: int | None
) -> Draft:
    """The wording of a version. Raises Stop where there is no such version."""
    draft = await keeping.draft_of(session, programme, kind, language, version)
    if draft is None:
        raise Stop(f"There is no version {version}.")
    return draft
