"""What one sees of the demo: how far the story is, each email as it arrives, the summary."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from commands.catalogue import say
from commands.show import ZONE
from demo.mail import Seen
from demo.tour import Report


class Stage:
    """Prints to one console, so that lines and the progress bar do not run into each other."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def line(self, key: str, **values: object) -> None:
        """One sentence of the catalogue."""
        self._console.print(say(key, **values), markup=False, soft_wrap=True)

    def blank(self) -> None:
        """An empty line."""
        self._console.print()

    def table(self, table: Table) -> None:
        """A table."""
        self._console.print(table)

    def verdict(self, wrong: Sequence[str]) -> None:
        """Whether all happened as the story says, and what did not."""
        self.line("demo.wrong" if wrong else "demo.right")
        for sentence in wrong:
            self.line("demo.wrong_line", sentence=sentence)

    def email(self, seen: Seen) -> None:
        """An email that has just arrived."""
        at = f"{seen.at.astimezone(ZONE):%H:%M:%S}"
        line = say("demo.email", at=at, to=seen.to_name, subject=seen.subject)
        self._console.print(line, markup=False, soft_wrap=True, style="cyan")

    @contextmanager
    def progress(self, moves: int) -> Iterator[Callable[[], None]]:
        """A bar that says how much of the story is played; nothing turns on a pipe.

        Gives what is to be called at each step.
        """
        columns = (
            TextColumn(say("demo.playing")),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(
            *columns, console=self._console, transient=True, disable=not self._console.is_terminal
        ) as progress:
            story = progress.add_task("story", total=moves)
            yield lambda: progress.advance(story)


def tour_table(report: Report) -> Table:
    """The tour's emails with their times, and what has not come."""
    table = Table(title=say("demo.tour_emails"), title_justify="left", header_style="bold")
    for name in ("at", "after", "to", "kind", "subject"):
        table.add_column(say(f"column.{name}"), overflow="fold")
    for seen in report.arrived:
        after = (seen.at - report.began).total_seconds()
        at = f"{seen.at.astimezone(ZONE):%H:%M:%S}"
        table.add_row(at, f"{after:.0f} s", seen.to_name, seen.kind, seen.subject)
    for missing in report.missing:
        table.add_row("–", "–", missing.to, missing.kind, say("demo.not_arrived"), style="red")
    return table
