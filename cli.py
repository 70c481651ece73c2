"""The `milepost` command: lists what `commands/` offers, and imports only what is used."""

import os
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

from ending import run_and_leave

RUN = "Run Milepost"
OFFICE = "Set up the office"
WORK = "Follow the work"
EMAILS = "Emails"
CARE = "Keep it healthy"

EXIT_CODES = """\
[bold]Exit codes[/]
 0  Done.
 1  Refused, or there is something to fix. The output says what.
 2  Wrong usage, such as an unknown option or a missing file.
 3  Temporal, its worker, the database or the API does not answer. Run `milepost doctor`.
"""


class Listed(TyperCommand):
    """A command, or a noun with commands, whose module is imported when it is used."""

    def __init__(self, name: str, panel: str, help: str, module: str, function: str = "") -> None:
        """`function` is the command. Without one, the module's `app` has the noun's commands."""
        super().__init__(name, help=help, rich_help_panel=panel)
        self._module = module
        self._function = function

    def loaded(self) -> TyperCommand | TyperGroup:
        """The command itself, with its options."""
        module = import_module(f"commands.{self._module}")
        if self._function:
            alone = typer.Typer(add_completion=False)
            alone.command(self.name)(getattr(module, self._function))
            command = get_command(alone)
        else:
            command = get_group(module.app)
            command.name, command.help = self.name, self.help
        assert isinstance(command, TyperCommand | TyperGroup)
        return command

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """The context of the command itself: typer runs what that names, not this entry."""
        return self.loaded().make_context(*args, **kwargs)


def listed() -> Iterable[Listed]:
    """Every entry, in the order of the list."""
    yield Listed("demo", RUN, "Play a sample office whose days pass in seconds.", "demo", "demo")
    yield Listed("up", RUN, "Run Temporal, a worker and the API on this machine.", "up", "up")
    yield Listed("api", RUN, "Run the API and the pages.", "serve", "api")
    yield Listed("migrate", RUN, "Bring the database up to this version.", "serve", "migrate")

    yield Listed("programme", OFFICE, "Check, preview and store programmes.", "programme")
    yield Listed("member", OFFICE, "Add, import and list members.", "member")
    yield Listed("person", OFFICE, "Add and list the people of the office.", "person")
    yield Listed("token", OFFICE, "Make, list and revoke tokens for the API.", "token")
    yield Listed("calendar", OFFICE, "Make and end private calendar addresses.", "calendar")

    yield Listed("engagement", WORK, "Start, assign, list and show engagements.", "engagement")
    yield Listed(
        "notifications", WORK, "See what happened to each email, and why.", "notifications"
    )

    yield Listed("mailbox", EMAILS, "Read the emails that the mailbox kept.", "mailbox")
    yield Listed("template", EMAILS, "Change the wording of emails.", "template_trial")
    yield Listed("choices", EMAILS, "Show and set how a person wants their emails.", "choices")
    yield Listed("schedules", EMAILS, "Set when summaries go out.", "schedules")

    yield Listed("doctor", CARE, "Check each part and say how to fix it.", "doctor", "doctor")
    yield Listed(
        *("reconcile", CARE, "Compare the database with the workflows, and repair it."),
        *("reconcile", "reconcile"),
    )
    yield Listed("upgrade", CARE, "Check an upgrade, and move the work to it.", "upgrade")
    yield Listed("renew", CARE, "Restart all workflows after an upgrade.", "renew", "renew")
    yield Listed(
        *("fake-sendgrid", CARE, "Run a stand-in for SendGrid, to try things out."),
        *("fake_sendgrid", "fake_sendgrid"),
    )


class Commands(TyperGroup):
    """All commands. Listing them imports none of them."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {str(one.name): one for one in listed()} | dict(self.commands)


app = typer.Typer(
    name="milepost",
    cls=Commands,
    help="Run a support programme: one durable workflow for each member's engagement.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode="rich",
    # A plain traceback is shorter, and shows no locals: they hold names, addresses and tokens.
    pretty_exceptions_enable=False,
)


@app.callback()
def main(
    data_dir: Annotated[
        Path | None,
        typer.Option(help="The office's folder, instead of MILEPOST_DATA_DIR."),
    ] = None,
) -> None:
    import observability
    from settings import settings

    if data_dir is not None:
        os.environ["MILEPOST_DATA_DIR"] = str(data_dir)
        settings.cache_clear()
    observability.configure("WARNING", settings().log_format)


@app.command(rich_help_panel=RUN)
def worker() -> None:
    """Run one worker process.

    It runs until SIGTERM or Ctrl-C. Several can run side by side.
    """
    from worker import serve  # the sandbox and every activity: slow to import

    serve()


def entry() -> NoReturn:
    """The installed command."""
    run_and_leave(app)


if __name__ == "__main__":
    entry()
