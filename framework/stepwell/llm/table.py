"""The table of a run: how times, tokens and costs are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stepwell.errors import require
from stepwell.usage import Usage, money, seconds

if TYPE_CHECKING:
    from rich.table import Table

    from stepwell.llm.accounting import TokenAccounting


def table(accounting: TokenAccounting, run_id: str | None) -> Table:
    """A row for each step in the order in which they first ran, and their sum.

    Raises:
        MissingExtra: if rich is not installed.
    """
    rich: Any = require("rich.table", extra="llm", what="`TokenAccounting.table`")
    box: Any = require("rich.box", extra="llm", what="`TokenAccounting.table`")
    written: Table = rich.Table(box=box.SIMPLE_HEAD, padding=(0, 0, 0, 1), pad_edge=False)
    written.add_column("step", overflow="fold")
    for name in ("time", "attempts", "calls", "tokens in", "tokens out", "cost"):
        written.add_column(name, justify="right", no_wrap=True)
    steps = accounting.steps(run_id)
    used = accounting.by_step(run_id)
    names = dict.fromkeys(step.node for step in sorted(steps, key=lambda step: step.started))
    for name in dict.fromkeys((*names, *used)):
        mine = [step for step in steps if step.node == name]
        failed = next((step.error for step in mine if step.error), None)
        written.add_row(
            f"{name} [red]{failed}[/red]" if failed else name,
            seconds(sum(step.duration for step in mine)) if mine else "",
            str(sum(step.attempts for step in mine)) if mine else "",
            *cells(used.get(name, Usage())),
        )
    written.add_section()
    runs = 1 if run_id else len(accounting.runs)
    written.add_row(
        "run" if runs == 1 else f"{runs} runs",
        seconds(accounting.duration(run_id)),
        str(sum(step.attempts for step in steps)),
        *cells(accounting.total(run_id)),
        style="bold",
    )
    if accounting.unattributed:
        lost = sum((call.usage for call in accounting.unattributed), Usage())
        written.add_row("(unattributed)", "", "", *cells(lost), style="yellow")
    return written


def cells(usage: Usage) -> tuple[str, str, str, str]:
    """Calls, tokens in, tokens out and cost, as a table shows them.

    >>> cells(Usage(input_tokens=1200, output_tokens=30, requests=2, unmeasured=1, unpriced=2))
    ('2', '≥ 1,200', '≥ 30', 'unknown')
    """
    if usage == Usage():
        return "", "", "", ""
    least = "≥ " if usage.unmeasured else ""
    return (
        str(usage.requests),
        f"{least}{usage.input_tokens:,}",
        f"{least}{usage.output_tokens:,}",
        money(usage),
    )
