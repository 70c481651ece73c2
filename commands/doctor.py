"""`milepost doctor`: checks each part and says how to fix it."""

import asyncio
from collections.abc import Sequence

import typer
from rich.markup import escape
from rich.table import Table

from commands.checks.machine import Finding, check_machine, check_office
from commands.checks.services import check_emails, check_services
from commands.outcome import Exit, ending
from commands.show import AsJson, console, print_json
from settings import Settings, settings

MARKS = {
    "ok": "[green]✓[/]",
    "notice": "[yellow]•[/]",
    "problem": "[red]✗[/]",
    "down": "[bold red]✗[/]",
}


def doctor(as_json: AsJson = False) -> None:
    """Check each part and say how to fix it.

    Exit code 1: there is a problem to fix. 3: a required service is unavailable.
    """
    with ending(as_json):
        findings = asyncio.run(_examine(settings()))
    if as_json:
        print_json({"ok": verdict(findings) is Exit.OK, "findings": findings})
    else:
        _print(findings)
    raise typer.Exit(verdict(findings))


def verdict(findings: Sequence[Finding]) -> Exit:
    """What the worst of the findings means for the exit code."""
    states = {finding.state for finding in findings}
    if "down" in states:
        return Exit.DOWN
    return Exit.REFUSED if "problem" in states else Exit.OK


async def _examine(config: Settings) -> list[Finding]:
    findings = list(check_machine(config))
    findings += [finding async for finding in check_office(config)]
    findings += [finding async for finding in check_services(config)]
    findings += await check_emails(config)
    return findings


def _print(findings: Sequence[Finding]) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    for finding in findings:
        fix = f"\n[dim]To fix:[/] {escape(finding.fix)}" if finding.fix else ""
        table.add_row(MARKS[finding.state], finding.part, f"{escape(finding.what)}{fix}")
    console().print(table)
    wrong = sum(finding.state in {"problem", "down"} for finding in findings)
    console().print(f"\n{summary(wrong)}")


def summary(wrong: int) -> str:
    """The last line of the report."""
    if not wrong:
        return "All is well."
    return "1 problem to fix." if wrong == 1 else f"{wrong} problems to fix."
