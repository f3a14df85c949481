"""The loop that runs a plan in the caller's thread, one line after another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from types import CoroutineType
from typing import Any

from stepwell.execution.streams import Live, whole
from stepwell.execution.text import Text, compiled
from stepwell.plan import STREAM, Line, Literal, Piece, Plan, Whole
from stepwell.spec import Node

HOT = 100
"""After so many runs a plan is compiled: compiling costs what about so many runs would save."""

TEXT_LIMIT = 20_000
"""Plans of more lines are never compiled: it would take seconds."""

_numbers = count(1)


class Inline:
    """Runs a plan's lines one after another; a plan that runs often is compiled.

    Args:
        plan: what to run; its steps are plain functions.
        text: gives the plan as Python, when it is first needed.
        config: values by name that the plan may read.
    """

    def __init__(self, plan: Plan, text: Callable[[], Text], config: Mapping[str, Any]) -> None:
        self._plan, self._config, self._text = plan, config, text
        self._runs = 0
        self._function: Callable[..., dict[str, Any]] | None = None
        self._lines: tuple[int, ...] = ()

    def __call__(self, inputs: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
        """The results by name.

        Raises:
            BaseException: what a step raises, with a note that names the step.
        """
        function = self._function
        if function is None:
            self._runs += 1
            if self._runs < HOT or len(self._plan.lines) > TEXT_LIMIT:
                known = {**self._config, **inputs, **overrides}
                return run_lines(self._plan, [known[name] for name in self._plan.given])
            text = self._text()
            self._lines = text.lines
            function = self._function = compiled(text, f"<stepwell plan {next(_numbers)}>")
        try:
            return function(inputs, overrides, self._config)
        except BaseException as error:
            line = self._failed(error)
            if line is not None:
                error.add_note(in_node(line.node))
            raise

    def _failed(self, error: BaseException) -> Line | None:
        """The line that raised: the traceback knows at which line of the text it was."""
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code is not self._function.__code__:  # type: ignore[union-attr]
            trace = trace.tb_next
        position = -1 if trace is None else self._lines[trace.tb_lineno - 1]
        return None if position < 0 else self._plan.lines[position]


def piece_value(piece: Piece, values: list[Any]) -> Any:
    """What an argument is, given the values made so far."""
    if isinstance(piece, int):
        return values[piece]
    if isinstance(piece, Literal):
        return piece.value
    if isinstance(piece, Whole):
        return values[piece.slot].whole()
    parts = [piece_value(part, values) for part in piece.pieces]
    return parts if piece.keys is None else dict(zip(piece.keys, parts, strict=True))


def run_lines(plan: Plan, values: list[Any]) -> dict[str, Any]:
    """The results of a plan whose steps are plain functions, without compiling it.

    Args:
        plan: what to run.
        values: the given values, in the order of `plan.given`; it is filled and emptied on the way.

    Raises:
        BaseException: what a step raises, with a note that names the step.
    """
    push = values.append
    line: Line | None = None
    try:
        for line in plan.lines:
            node, slot, args, kwargs, frees, simple = line
            step: Callable[..., Any] = node.callable  # type: ignore[assignment]
            if simple:
                value = step(*[values[read] for read in args])  # type: ignore[index]
            else:
                value = step(
                    *[piece_value(piece, values) for piece in args],
                    **{name: piece_value(piece, values) for name, piece in kwargs},
                )
            if type(value) is CoroutineType:
                refuse_coroutine(node, value)
            if node.type.name == STREAM:
                value = Live(value, node.type) if slot in plan.live else whole(value, node.type)
            push(value)
            for read in frees:
                values[read] = None
    except BaseException as error:
        if line is not None:
            error.add_note(in_node(line.node))
        raise
    return {
        name: piece_value(result, values)
        for name, result in zip(plan.targets, plan.results, strict=True)
    }


def in_node(node: Node) -> str:
    """The note that an exception gets on its way out of a step."""
    return f"in node {node.place}"


def refuse_coroutine(node: Node, value: Any) -> None:
    """Refuses a coroutine as the result of a step that is not `async def`.

    Raises:
        TypeError: always; the coroutine is closed.
    """
    value.close()
    raise TypeError(
        f"step {node.place} is not `async def` and returns a coroutine, which nobody awaits; "
        "make it `async def` and await what it calls"
    )
