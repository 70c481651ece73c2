"""What the demo prints: progress, each email as it arrives, and the summary."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from commands.show import ZONE
from demo.mail import Seen
from demo.tour import Report


class Stage:
    """Prints to one console, so that lines and the progress bar do not run into each other."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def line(self, sentence: str) -> None:
        """One sentence."""
        self._console.print(sentence, markup=False, soft_wrap=True)

    def blank(self) -> None:
        """An empty line."""
        self._console.print()

    def table(self, table: Table) -> None:
        """A table."""
        self._console.print(table)

    def verdict(self, wrong: Sequence[str]) -> None:
        """Whether everything happened as the story says, and what did not."""
        if not wrong:
            self.line("Everything happened as the story says.")
            return
        self.line("Some things did not happen as the story says:")
        for sentence in wrong:
            self.line(f"  {sentence}")

    def email(self, seen: Seen) -> None:
        """An email that has just arrived."""
        at = f"{seen.at.astimezone(ZONE):%H:%M:%S}"
        line = f"  ✉ {at}  {seen.to_name}: {seen.subject}"
        self._console.print(line, markup=False, soft_wrap=True, style="cyan")

    @contextmanager
    def progress(self, moves: int) -> Iterator[Callable[[], None]]:
        """A progress bar of the story; none on a pipe.

        Yields the function to call after each step.
        """
        columns = (
            TextColumn("Playing the story"),
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
    """The tour's emails with their times, and those that have not arrived."""
    table = Table(title="The tour's emails", title_justify="left", header_style="bold")
    for name in ("When", "After", "To", "Kind", "Subject"):
        table.add_column(name, overflow="fold")
    for seen in report.arrived:
        after = (seen.at - report.began).total_seconds()
        at = f"{seen.at.astimezone(ZONE):%H:%M:%S}"
        table.add_row(at, f"{after:.0f} s", seen.to_name, seen.kind, seen.subject)
    for missing in report.missing:
        table.add_row("–", "–", missing.to, missing.kind, "has not arrived", style="red")
    return table
