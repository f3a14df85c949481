"""A plan as straight-line Python: the text that `explain` prints and that hot plans run."""

from __future__ import annotations

import keyword
from collections.abc import Callable, Iterable, Iterator
from math import isfinite
from types import ModuleType
from typing import Any, NamedTuple

from stepwell.execution.streams import joined
from stepwell.plan import STREAM, Line, Literal, Piece, Plan, Whole


class Text(NamedTuple):
    """A plan in Python.

    Args:
        source: the text of one function, `plan`.
        names: the globals it needs.
        lines: for each line of the text the position of the plan's line it belongs to, or -1.
    """

    source: str
    names: dict[str, Any]
    lines: tuple[int, ...]


class Names:
    """Gives each thing in a text a name of its own: the one it would like, or one close to it."""

    def __init__(self) -> None:
        self._taken: set[str] = {"inputs", "overrides", "config", "plan"}

    def take(self, wanted: str) -> str:
        """A name that nothing else in the text has."""
        name = "".join(
            letter if letter.isidentifier() or letter.isdigit() else "_" for letter in wanted
        )
        if not name.isidentifier():
            name = f"_{name}"
        while name in self._taken or keyword.iskeyword(name):
            name += "_"
        self._taken.add(name)
        return name


class Spaces:
    """The functions of a plan, as they are written: `pipeline.answer`.

    A space is an own object, never the user's module: what is bound in it stays as it is.
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        self._spaces: dict[str, tuple[str, ModuleType]] = {}
        self._written: dict[tuple[str, int], str] = {}
        self.globals: dict[str, Any] = {}

    def write(self, space: str, wanted: str, thing: object) -> str:
        """How `thing` is written: the name of its space, a dot, its name there."""
        key = (space, id(thing))
        found = self._written.get(key)
        if found is not None:
            return found
        if space not in self._spaces:
            alias = self._names.take(space.rpartition(".")[2] or "steps")
            self._spaces[space] = alias, ModuleType(alias)
            self.globals[alias] = self._spaces[space][1]
        alias, holder = self._spaces[space]
        name = wanted if wanted.isidentifier() and not keyword.iskeyword(wanted) else "step"
        while name in vars(holder):
            name += "_"
        setattr(holder, name, thing)
        written = self._written[key] = f"{alias}.{name}"
        return written


class Writer:
    """Writes a plan; knows the name of every value in it."""

    def __init__(self, plan: Plan, *, inputs: Iterable[str], overrides: Iterable[str]) -> None:
        self.plan = plan
        names = Names()
        self.locals = [names.take(name) for name in plan.given]
        self.locals += [names.take(line.node.name) for line in plan.lines]
        self.names = names
        self.spaces = Spaces(names)
        self._sources = dict.fromkeys(inputs, "inputs") | dict.fromkeys(overrides, "overrides")
        self._live = ""

    def text(self) -> Text:
        """The whole function."""
        body: list[str] = []
        lines: list[int] = []
        for name, local in zip(self.plan.given, self.locals, strict=False):
            body.append(f"{local} = {self._sources.get(name, 'config')}[{name!r}]")
            lines.append(-1)
        for position, line in enumerate(self.plan.lines):
            for written in self.line(line):
                body.append(written)
                lines.append(position)
        entries = [
            f"{name!r}: {self.piece(result)}"
            for name, result in zip(self.plan.targets, self.plan.results, strict=True)
        ]
        body.append(f"return {{{', '.join(entries)}}}")
        lines.append(-1)
        start = "async def" if self.plan.is_async else "def"
        head = f"{start} plan(inputs, overrides, config):\n"
        source = head + "".join(f"    {written}\n" for written in body)
        return Text(source, self.spaces.globals, (-1, *lines))

    def line(self, line: Line) -> Iterator[str]:
        """What is written for one line of the plan."""
        yield f"{self.locals[line.slot]} = {self.value(line)}"
        if line.frees:
            yield f"del {', '.join(self.locals[slot] for slot in line.frees)}"

    def value(self, line: Line) -> str:
        """The expression that makes the line's result."""
        call = self.call(line)
        kind = line.node.kind
        if line.node.type.name != STREAM:
            return f"await {call}" if kind == "coroutine" else call
        if line.slot in self.plan.live:
            self._live = self._live or self.names.take("live")
            return f"{self._live}({call})"
        if kind == "async_generator":
            parts = f"[chunk async for chunk in {call}]"
        else:
            parts = call if joined(line.node.type) else f"[*{call}]"
        return f'"".join({parts})' if joined(line.node.type) else parts

    def call(self, line: Line) -> str:
        """The call of the line's step."""
        node = line.node
        if node.kind == "field":
            entry = node.callable.__reduce__()[1][0]  # type: ignore[union-attr, index]
            return f"{self.piece(line.args[0])}[{entry!r}]"
        args = [self.piece(piece, f"{node.name}_{i}") for i, piece in enumerate(line.args)]
        args += [f"{k}={self.piece(piece, f'{node.name}_{k}')}" for k, piece in line.kwargs]
        function = self.spaces.write(node.module, node.step or node.name, node.callable)
        return f"{function}({', '.join(args)})"

    def piece(self, piece: Piece, wanted: str = "value") -> str:
        """One argument, or a result."""
        if isinstance(piece, int):
            return self.locals[piece]
        if isinstance(piece, Whole):
            return f"{self.locals[piece.slot]}.whole()"
        if isinstance(piece, Literal):
            if _plain(piece.value):
                return repr(piece.value)
            return self.spaces.write("values", wanted, piece.value)
        parts = [self.piece(part, f"{wanted}_{i}") for i, part in enumerate(piece.pieces)]
        if piece.keys is None:
            return f"[{', '.join(parts)}]"
        entries = (f"{key!r}: {part}" for key, part in zip(piece.keys, parts, strict=True))
        return f"{{{', '.join(entries)}}}"


def compiled(text: Text, name: str) -> Callable[..., Any]:
    """The text's function. Tracebacks through it show its lines."""
    import linecache

    lines = text.source.splitlines(keepends=True)
    linecache.cache[name] = (len(text.source), None, lines, name)
    names = dict(text.names)
    exec(compile(text.source, name, "exec"), names)
    function: Callable[..., Any] = names["plan"]
    return function


def _plain(value: object) -> bool:
    if isinstance(value, float):
        return isfinite(value)
    return value is None or type(value) in (int, bool) or (type(value) is str and len(value) <= 60)
