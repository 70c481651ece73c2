"""The `milepost` command: puts together what `commands/` offers."""

import os
from pathlib import Path
from typing import Annotated, NoReturn

import typer

import observability
from commands import (
    calendar,
    choices,
    demo,
    doctor,
    engagement,
    engagement_lost,
    fake_sendgrid,
    mailbox,
    member,
    notifications,
    person,
    programme,
    reconcile,
    renew,
    schedules,
    serve,
    template,
    template_trial,
    token,
    up,
)
from commands import programme_versions as programme_add
from commands import programme_versions as programme_funders
from ending import run_and_leave
from settings import settings

EXIT_CODES = (
    "Exit codes: 0 done; 1 refused, or something is to be mended; 2 wrong usage;"
    " 3 a part that is needed does not answer."
)

app = typer.Typer(
    name="milepost",
    help="Milepost runs a support programme: one durable workflow per member's engagement.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    # A plain traceback is shorter, and shows no locals: they hold names, addresses and tokens.
    pretty_exceptions_enable=False,
)


@app.callback()
def main(
    data_dir: Annotated[
        Path | None,
        typer.Option(help="The office's folder; sets MILEPOST_DATA_DIR for this command."),
    ] = None,
) -> None:
    if data_dir is not None:
        os.environ["MILEPOST_DATA_DIR"] = str(data_dir)
        settings.cache_clear()
    observability.configure("WARNING", settings().log_format)


@app.command()
def worker() -> None:
    """Run a worker until SIGTERM or Ctrl-C; several may run side by side."""
    from worker import serve as run_worker  # the sandbox and every activity: slow to import

    run_worker()


serve.register(app)
app.command()(doctor.doctor)
app.command("fake-sendgrid")(fake_sendgrid.fake_sendgrid)
app.command()(demo.demo)
app.command()(up.up)
app.command()(reconcile.reconcile)
app.command()(renew.renew)
engagement.app.command("revive")(engagement_lost.revive)
engagement.app.command("close")(engagement_lost.close)
programme.app.command("add")(programme_add.add)
programme.app.command("funders")(programme_funders.funders)
template.app.command("preview")(template_trial.preview)
template.app.command("send-test")(template_trial.send_to_oneself)
for group in (
    programme.app,
    member.app,
    person.app,
    engagement.app,
    token.app,
    mailbox.app,
    notifications.app,
    template.app,
    choices.app,
    calendar.app,
    schedules.app,
):
    app.add_typer(group)


def entry() -> NoReturn:
    """The installed command."""
    run_and_leave(app)


if __name__ == "__main__":
    entry()
