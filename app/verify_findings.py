"""What `verify` has found, for people and for programs."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text


def tell_findings(findings: Sequence[str]) -> None:
    """Print what is off on standard output: a table on a terminal, and elsewhere a line each."""
    output = Console(soft_wrap=True, highlight=False, markup=False, emoji=False)
    if not findings or not output.is_terminal:
        for finding in findings:
            print(finding)
        return
    table = Table(title=f"{len(findings)} findings", title_style="bold red", title_justify="left", show_lines=True)
    table.add_column("", justify="right")
    table.add_column("what is off")
    for number, finding in enumerate(findings, start=1):
        table.add_row(str(number), Text(finding))
    # A table fits its terminal: what is longer goes on in the next line.
    output.print(table, soft_wrap=False)
