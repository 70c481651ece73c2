"""`milepost template preview` and `send-test`: try the wording of an email."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from commands.outcome import ending
from commands.reach import with_backend
from commands.show import AsJson, console, print_json, print_sentence
from commands.template import (
    KindName,
    MaybeVersion,
    Programme,
    Spoken,
    app,
    kind_named,
    read_draft,
)
from notifications.custom_templates.preview import Preview, Source
from notifications.custom_templates.trial import Trial
from programmes.vocabulary import Language
from services import templates
from services.backend import Backend
from services.permissions import OPERATOR

MaybeFolder = Annotated[
    Path | None,
    typer.Option("--from", exists=True, file_okay=False, help="A folder with a draft."),
]
MaybeEngagement = Annotated[
    str | None, typer.Option(help="Use this engagement's data instead of samples.")
]


FILLED_WITH: Mapping[Source, str] = {
    "engagement": "As this engagement's own email would read:",
    "partly": "With this engagement's names. The rest is sample data, because the engagement has no"
    " such email open:",
    "sample": "With sample data. To see an engagement's own data, use --engagement:",
}


@app.command()
def preview(
    programme: Programme,
    kind: KindName,
    language: Spoken,
    folder: MaybeFolder = None,
    version: MaybeVersion = None,
    engagement: MaybeEngagement = None,
    html: Annotated[Path | None, typer.Option(help="Write the HTML part into this file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the email as its recipients would read it. Nothing is sent."""
    with ending(as_json):
        trial = _trial(programme, kind, language, folder, version, engagement)

        async def read(backend: Backend) -> Preview:
            return await templates.preview(backend, OPERATOR, trial)

        shown = with_backend(read)
    if html is not None:
        html.write_text(shown.rendered.html, encoding="utf-8")
    if as_json:
        print_json({**vars(shown.rendered), "data": shown.source})
        return
    print_sentence(FILLED_WITH[shown.source])
    console().print(
        f"\n{shown.rendered.subject}\n\n{shown.rendered.text}", markup=False, soft_wrap=True
    )


@app.command("send-test")
def send_to_oneself(
    programme: Programme,
    kind: KindName,
    language: Spoken,
    to: Annotated[str, typer.Option(help="Your own id among the people of the office.")],
    folder: MaybeFolder = None,
    version: MaybeVersion = None,
    engagement: MaybeEngagement = None,
    as_json: AsJson = False,
) -> None:
    """Send the email to yourself.

    Exit code 1: it has errors, or could not be sent.
    """
    with ending(as_json):
        trial = _trial(programme, kind, language, folder, version, engagement)

        async def work(backend: Backend) -> str:
            shown = await templates.preview(backend, OPERATOR, trial)
            return await templates.send_test(backend, OPERATOR, trial, shown, to)

        name = with_backend(work)
    if as_json:
        print_json({"sent_to": name})
    else:
        print_sentence(f"Sent to {name} only.")


def _trial(
    programme: str,
    kind: str,
    language: Language,
    folder: Path | None,
    version: int | None,
    engagement: str | None,
) -> Trial:
    draft = None if folder is None else read_draft(folder)
    return Trial(programme, kind_named(kind), language, draft, version, engagement)
