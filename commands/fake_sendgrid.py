"""`milepost fake-sendgrid`: a stand-in for SendGrid that takes emails, fails and reports back.

The tests run against it, so it lives with them: an installed Milepost does not have it.
"""

import asyncio
import contextlib
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.live import Live
from rich.table import Table

from commands.outcome import Exit, Stop, ending
from commands.show import console
from settings import settings

if TYPE_CHECKING:
    from tests.fakes.sendgrid import FakeSendGrid

SHOWN_EVERY_SECONDS = 0.25


def fake_sendgrid(
    port: Annotated[int, typer.Option(help="Where it listens; 0 takes a free one.")] = 8025,
    faults: Annotated[
        str,
        typer.Option(
            help="Shares of all requests: drop=0.1,429=0.2,hang=0.01. Also cut, silent, slow,"
            " 429-bare, 429-mute, 400, 401, 403, 413, 500, 502, 503, 503-wait."
        ),
    ] = "",
    seed: Annotated[int, typer.Option(help="The same seed gives the same faults and key.")] = 1,
    events_to: Annotated[
        str, typer.Option(help="The webhook that events go to; `none` sends no events.")
    ] = "",
    public_key_file: Annotated[
        Path | None, typer.Option(help="Also write the public key to this file.")
    ] = None,
    bounce: Annotated[
        list[str] | None, typer.Option(help="An address that bounces; may be repeated.")
    ] = None,
    defer: Annotated[
        list[str] | None, typer.Option(help="An address that is deferred for good.")
    ] = None,
    complain: Annotated[
        list[str] | None, typer.Option(help="An address that marks emails as spam.")
    ] = None,
    events: Annotated[
        str,
        typer.Option(help="How events come: any of twice, shuffled, late, forged, with commas."),
    ] = "",
    limit: Annotated[int, typer.Option(help="Emails a second before it answers 429.")] = 600,
) -> None:
    """Run a stand-in for SendGrid, to try things out.

    It runs on this machine until Ctrl-C, and sends no emails.

    Exit code 3: this Milepost was installed without its tests, which hold the fake.
    """
    with ending():
        with _the_tests():
            from tests.fakes.sendgrid import FakeSendGrid, serving
            from tests.fakes.sendgrid_events import Fates
            from tests.fakes.sendgrid_faults import Faults, parse_faults
            from tests.fakes.sendgrid_webhook import Signer, Webhook, parse_manners
        try:
            chosen, manners = Faults(parse_faults(faults), seed), parse_manners(events)
        except ValueError as wrong:
            raise Stop(str(wrong), code=Exit.USAGE) from None
        signer = Signer(seed)
        if public_key_file is not None:
            public_key_file.write_text(signer.public_key + "\n", encoding="utf-8")
        hook = events_to or f"{settings().public_url.rstrip('/')}/webhooks/sendgrid/events"
        webhook = None if hook == "none" else Webhook(hook, signer, manners, seed)
        ends = {"bounced": bounce, "stuck": defer, "complained": complain}
        by_address = {one.lower(): end for end, those in ends.items() for one in those or ()}
        fake = FakeSendGrid(chosen, Fates(by_address, seed=seed), webhook, limit=limit)

        async def run() -> None:
            async with serving(fake, port):
                _say_how(fake, signer.public_key, hook)
                await _show_until_asked(fake)

        try:
            asyncio.run(run())
        except OSError:
            raise Stop(
                f"Port {port} is in use. Choose another with --port; 0 takes a free one."
            ) from None


@contextmanager
def _the_tests() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError:
        raise Stop(
            "The stand-in for SendGrid comes with the tests, and this Milepost is installed"
            " without them. Run it from a clone: `make setup`, then `.venv/bin/milepost"
            " fake-sendgrid`.",
            code=Exit.DOWN,
        ) from None


def _say_how(fake: "FakeSendGrid", public_key: str, hook: str) -> None:
    """What to set so that Milepost uses it: lines to copy, on standard output."""
    for line in (
        f"A stand-in for SendGrid runs at {fake.host}. It accepts emails and sends none.",
        "To use it, start Milepost with:",
        "export MILEPOST_SENDER=sendgrid",
        f"export MILEPOST_SENDGRID_HOST={fake.host}",
        f"export MILEPOST_SENDGRID_API_KEY={fake.key}",
        f"export MILEPOST_SENDGRID_WEBHOOK_KEY={public_key}",
        (
            "No events are sent. Press Ctrl-C to stop."
            if fake.webhook is None
            else f"Events go to {hook}. Press Ctrl-C to stop."
        ),
    ):
        typer.echo(line)


async def _show_until_asked(fake: "FakeSendGrid") -> None:
    """A table that lives until Ctrl-C or SIGTERM; on a pipe, one at the end."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    screen = console()
    if not screen.is_terminal:
        await stop.wait()
        screen.print(_table(fake))
        return
    with Live(_table(fake), console=screen, auto_refresh=False) as live:
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), SHOWN_EVERY_SECONDS)
            live.update(_table(fake), refresh=True)


def _table(fake: "FakeSendGrid") -> Table:
    table = Table(title="Stand-in for SendGrid")
    table.add_column("what")
    table.add_column("count", justify="right")
    rows: list[tuple[str, Any]] = [
        ("requests", len(fake.requests)),
        ("emails accepted", len(fake.taken)),
        *((f"answered: {mode}", count) for mode, count in sorted(fake.modes.items())),
    ]
    if fake.webhook is not None:
        for (kind, status), count in sorted(fake.webhook.answers.items()):
            rows.append((f"events posted ({kind}), answered {status or '–'}", count))
    for what, count in rows:
        table.add_row(what, str(count))
    return table
