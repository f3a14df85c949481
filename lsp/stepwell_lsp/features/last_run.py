"""What a step or a pipeline did when it ran last, in words and as data."""

from __future__ import annotations

import re
from typing import TypedDict

from stepwell.read.pipelines import Pipeline
from stepwell.spec import Node
from stepwell.store.past import PastRun, PastStep
from stepwell.usage import Usage, money, seconds, spent
from stepwell_lsp.snapshot import Snapshot

METHOD = "stepwell/lastRun"

OPEN = "stepwell.openLastRun"
"""The client's command that shows the last run of a file's pipeline."""


class Figure(TypedDict):
    """What a step did last. `cost` and `tokens` are texts, empty where there was no call.

    `changed` says whether its text was another one then; `earlier`, whether that was not the last
    run of the pipeline.
    """

    seconds: float
    time: str
    times: int
    attempts: int
    tokens: str
    cost: str
    error: str
    changed: bool
    earlier: bool
    text: str


class LastRun(TypedDict):
    """The last run of a pipeline. `began` is in seconds since the epoch."""

    id: str
    began: float
    seconds: float | None
    ended: str
    error: str
    tokens: str
    cost: str
    text: str


class Page(TypedDict):
    """A page to read about a run, in Markdown."""

    id: str
    text: str


def past(snapshot: Snapshot, node: Node) -> PastStep | None:
    """What the node did when it ran last, if that is remembered."""
    if node.span is None or not snapshot.figures.stores:
        return None
    step = snapshot.figures.step(node.span.file, node.name)
    # Of several functions that make one node, the configuration has chosen one.
    return step if step is not None and step.step == node.step else None


def is_changed(snapshot: Snapshot, node: Node, step: PastStep) -> bool:
    """Whether the text of the step is another one than when it ran."""
    if not step.digest or node.span is None:
        return False
    file, line = node.span.file, node.span.line
    source = snapshot.text(file).source
    now = snapshot.figures.digests.of(file, source, lambda: snapshot.chunks(file), line)
    return now is not None and now != step.digest


def summary(snapshot: Snapshot, node: Node) -> str:
    """`1.2 s · 3 attempts · 1,230 tokens · $0.0012`; empty where nothing is remembered."""
    step = past(snapshot, node)
    if step is None:
        return ""
    return _summary(step, changed=is_changed(snapshot, node, step))


def _summary(step: PastStep, *, changed: bool) -> str:
    took = seconds(step.seconds)
    parts = [took if step.times == 1 else f"{step.times:,} times in {took}"]
    if step.error:
        parts.insert(0, f"failed with {_word(step.error)}")
    if step.attempts > step.times:
        parts.append(f"{step.attempts:,} attempts")
    parts += [part for part in (_tokens(step.usage), _cost(step.usage)) if part]
    if changed:
        parts.append("before your last change")
    return " · ".join(parts)


def fact(snapshot: Snapshot, node: Node) -> str:
    """A sentence for a hover, in Markdown; empty where nothing is remembered."""
    step = past(snapshot, node)
    if step is None:
        return ""
    took = seconds(step.seconds)
    parts = [f"{took}" if step.times == 1 else f"{step.times:,} times in {took}"]
    if step.attempts > step.times:
        parts.append(f"{step.attempts:,} attempts")
    if used := spent(step.usage):
        parts.append(used)
    if step.error:
        where = f" at `{_plain(step.place)}`" if step.place else ""
        parts.append(f"failed with `{_word(step.error)}`{where}")
    old = " (before your last change)" if is_changed(snapshot, node, step) else ""
    return f"last run {_when(step.started)}{old}: {', '.join(parts)}"


def figure(snapshot: Snapshot, node: Node, last: PastRun | None) -> Figure | None:
    """What the node did last, for a drawing; `last` is the last run of the pipeline."""
    step = past(snapshot, node)
    if step is None:
        return None
    changed = is_changed(snapshot, node, step)
    return Figure(
        seconds=step.seconds,
        time=seconds(step.seconds),
        times=step.times,
        attempts=step.attempts,
        tokens=_tokens(step.usage),
        cost=_cost(step.usage),
        error=_word(step.error or ""),
        changed=changed,
        earlier=last is not None and last.run_id != step.run_id,
        text=_summary(step, changed=changed),
    )


def last_run(snapshot: Snapshot, made: Pipeline) -> PastRun | None:
    """The latest run of a pipeline, if one is remembered."""
    return snapshot.figures.run(module.file for module in made.modules)


def told(run: PastRun) -> LastRun:
    """A run, for a drawing."""
    parts = [run.ended + (f" with {_word(run.error)}" if run.error else ""), _when(run.began)]
    if run.seconds is not None:
        parts.append(seconds(run.seconds))
    parts += [part for part in (_tokens(run.usage), _cost(run.usage)) if part]
    return LastRun(
        id=_plain(run.run_id),
        began=run.began,
        seconds=run.seconds,
        ended=run.ended,
        error=_word(run.error or ""),
        tokens=_tokens(run.usage),
        cost=_cost(run.usage),
        text=" · ".join(parts),
    )


def page(snapshot: Snapshot, made: Pipeline) -> Page | None:
    """The last run of a pipeline as a page: how it ended, and a table of its steps."""
    run = last_run(snapshot, made)
    if run is None:
        return None
    nodes = made.graph.nodes
    lines = [f"# Run `{_plain(run.run_id)}`", "", f"{told(run)['text']}", ""]
    lines.append(f"Asked for: {', '.join(f'`{_plain(name)}`' for name in run.targets)}")
    if run.error and run.place:
        lines += ["", f"Raised at `{_plain(snapshot.figures.path(run, run.place))}`"]
    lines += ["", "| step | time | attempts | calls | tokens in | out | cost | |"]
    lines.append("|---|--:|--:|--:|--:|--:|--:|---|")
    for step in run.steps:
        lines.append(_row(step, _note(snapshot, nodes.get(step.node), step)))
    if not any(step.times for step in run.steps):
        lines += ["", "No step had ended."]
    return Page(id=_plain(run.run_id), text="\n".join(lines) + "\n")


def _row(step: PastStep, note: str) -> str:
    usage = step.usage
    least = "≥ " if usage.unmeasured else ""
    cells = [f"`{_plain(step.node)}`", seconds(step.seconds), f"{step.attempts:,}"]
    if not step.times:
        cells[1:] = ["", ""]
    if usage.requests:
        cells += [
            f"{usage.requests:,}",
            f"{least}{usage.input_tokens:,}",
            f"{least}{usage.output_tokens:,}",
            money(usage),
        ]
    else:
        cells += [""] * 4
    return f"| {' | '.join([*cells, note])} |"


def _note(snapshot: Snapshot, node: Node | None, step: PastStep) -> str:
    notes = []
    if step.error:
        notes.append(f"failed with `{_word(step.error)}`")
    if not step.times:
        notes.append("did not run to its end")
    if step.times > 1:
        notes.append(f"{step.times:,} times")
    if node is None:
        notes.append("is no step now")
    elif is_changed(snapshot, node, step):
        notes.append("before your last change")
    return ", ".join(notes)


def _tokens(usage: Usage) -> str:
    if not usage.requests:
        return ""
    least = "≥ " if usage.unmeasured else ""
    return f"{least}{usage.total_tokens:,} token{'' if usage.total_tokens == 1 else 's'}"


def _cost(usage: Usage) -> str:
    cost = money(usage) if usage.requests else ""
    return "cost unknown" if cost == "unknown" else cost


def _when(moment: float) -> str:
    """A time as the clock on the wall shows it."""
    from datetime import datetime

    try:
        return f"{datetime.fromtimestamp(moment):%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return "some time ago"


def _word(name: str) -> str:
    """The class of an error; a store may say anything, and what is no name is not shown."""
    return name if re.fullmatch(r"\w*", name) else "an error"


def _plain(text: str) -> str:
    """A text for between backticks, whatever a store says."""
    return re.sub(r"[`|\s]+", " ", text)[:500]
