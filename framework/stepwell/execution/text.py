"""A plan as straight-line Python: the text that `explain` prints and that hot plans run."""

from __future__ import annotations

import keyword
from collections.abc import Callable, Container, Iterator, Sequence
from copy import copy
from math import isfinite
from operator import attrgetter, itemgetter
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from stepwell.execution.around import Place, written
from stepwell.execution.branches import Part, branched, skipped
from stepwell.execution.loops import local_name, loop, made_alone
from stepwell.execution.streams import Live, joined
from stepwell.plan import STREAM, Line, Literal, Maybe, Piece, Plan, Whole

if TYPE_CHECKING:
    from stepwell.execution.bundle import BundleWork
    from stepwell.execution.work import Work
    from stepwell.spec import Node


class Text(NamedTuple):
    """A plan in Python.

    Args:
        source: the text of one function, `plan`.
        names: the globals it needs.
        lines: the place of each of its lines.
        locals: the name of each slot's variable.
    """

    source: str
    names: dict[str, Any]
    lines: tuple[Place, ...]
    locals: tuple[str, ...]


class Names:
    """Gives each thing in a text a name of its own: the one it would like, or one close to it."""

    def __init__(self) -> None:
        self._taken: set[str] = {"inputs", "overrides", "config", "run_id", "plan"}

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

    def alone(self, wanted: str, thing: object) -> str:
        """How a thing in no space is written: the same name for the same thing."""
        key = ("", id(thing))
        if key not in self._written:
            name = self._written[key] = self._names.take(wanted)
            self.globals[name] = thing
        return self._written[key]


class Writer:
    """Writes a plan; knows the name of every value in it.

    Args:
        plan: what to write.
        works: the work of each line.
        overrides: which of the given values come from there; the rest come from config or inputs.
        config: which come from config.
        leaves_out: whether a list of what was made for each item is without what was not.
    """

    def __init__(
        self,
        plan: Plan,
        works: Sequence[Work],
        *,
        overrides: Container[str] = (),
        config: Container[str] = (),
        leaves_out: bool = True,
    ) -> None:
        self.plan, self.works = plan, works
        self._leaves_out = leaves_out
        self.names = Names()
        self.locals = [self.names.take(name) for name in plan.given]
        self.locals += [self.names.take(local_name(line)) for line in plan.lines]
        self.spaces = Spaces(self.names)
        self._overrides, self._config = overrides, config
        self._words: dict[str, str] = {}
        self.task_id = "None"
        """The text of the task's id, in a loop over items."""
        self._modules: set[str] = set()

    def inside(self, plan: Plan, works: Sequence[Work], given: Sequence[str]) -> Writer:
        """Writes a plan within this text; its given values are the variables `given`."""
        inner = copy(self)
        inner.plan, inner.works = plan, works
        inner.locals = [*given, *(self.names.take(local_name(line)) for line in plan.lines)]
        return inner

    def text(self) -> Text:
        """The whole function."""
        body: list[tuple[str, Place]] = []
        for name, local in zip(self.plan.given, self.locals, strict=False):
            body.append((f"{local} = {self._source(name)}[{name!r}]", Place(-1)))
        body += branched(self, self._parts())
        entries = [
            f"{name!r}: {self.piece(result)}"
            for name, result in zip(self.plan.targets, self.plan.results, strict=True)
        ]
        body.append((f"return {{{', '.join(entries)}}}", Place(-1)))
        start = "async def" if any(work.is_async for work in self.works) else "def"
        # A module that is a local variable is quicker to reach than a global one.
        modules = "".join(f", {alias}={alias}" for alias in sorted(self._modules))
        head = f"{start} plan(inputs, overrides, config, run_id{modules}):\n"
        source = head + "".join(f"    {line}\n" for line, _ in body)
        places = (Place(-1), *(place for _, place in body))
        return Text(source, self.spaces.globals, places, tuple(self.locals))

    def _parts(self) -> Iterator[Part]:
        for position, work in enumerate(self.works):
            if not _is_taken_apart(work.line):
                texts = self._of(position, work)
                yield Part(work.line, texts, Place(position))

    def _of(self, position: int, work: Work) -> list[tuple[str, Place]]:
        """The lines that do one line of the plan."""
        if work.line.bundle is not None:
            return self._bundled(position, cast("BundleWork", work))
        if work.line.block is not None:
            lines = loop(self, position, work)
            return lines + made_alone(self, position, work) if self._leaves_out else lines
        return written(self, position, work) if work.hooks else self.plain(position)

    def _bundled(self, position: int, work: BundleWork) -> list[tuple[str, Place]]:
        """The lines of a task, one after the other."""
        line, plan = work.line, work.bundle.plan
        inner = self.inside(plan, work.works, [self.piece(piece) for piece in line.args])
        parts = (part._replace(line=part.line._replace(frees=())) for part in inner._parts())
        lines = [text for text, _ in branched(inner, parts)]
        made = [inner.piece(result) for result in plan.results]
        slots = [line.slot] if len(made) == 1 else range(line.slot + 1, line.slot + 1 + len(made))
        for slot, name in zip(slots, made, strict=True):
            self.locals[slot] = name
        return [(text, Place(position)) for text in (work.how, *lines)]

    def reserved(self, wanted: str) -> str:
        """The name of a variable that the text itself needs."""
        if wanted not in self._words:
            self._words[wanted] = self.names.take(wanted)
        return self._words[wanted]

    def own(self, wanted: str, thing: object) -> str:
        """A global name for something the text needs; the same for the same thing."""
        return self.spaces.alone(wanted, thing)

    def _source(self, name: str) -> str:
        if name in self._overrides:
            return "overrides"
        return "config" if name in self._config else "inputs"

    def plain(self, position: int) -> list[tuple[str, Place]]:
        line = self.plan.lines[position]
        value = self.value(line, self.call(line))
        return [(f"{self.locals[line.slot]} = {value}", Place(position))]

    def value(self, line: Line, call: str) -> str:
        """The expression that makes the line's result, given that which calls its step."""
        kind = line.node.kind
        if line.node.type.name != STREAM:
            return f"await {call}" if kind == "coroutine" else call
        if line.slot in self.plan.live:
            stream = self.spaces.write("types", line.node.name, line.node.type)
            keeps = "" if self.works[line.slot - len(self.plan.given)].keeps else ", keeps=False"
            return f"{self.own('Live', Live)}({call}, {stream}{keeps})"
        if kind == "async_generator":
            parts = f"[chunk async for chunk in {call}]"
        else:
            parts = call if joined(line.node.type) else f"[*{call}]"
        return f'"".join({parts})' if joined(line.node.type) else parts

    def call(self, line: Line) -> str:
        """The call of the line's step."""
        node = line.node
        if node.kind == "part":
            from stepwell.plan.nesting import made_part

            part: Any = node.callable
            each = f"each[{part.args[0]}]"
            made = f" if {each} is not {skipped(self)}" if part.func is made_part else ""
            return f"[{each} for each in {self.piece(line.args[0])}{made}]"
        if node.kind == "join":
            *first, last = (self.piece(piece) for piece in line.args)
            return "".join(f"{n} if {n} is not {skipped(self)} else " for n in first) + last
        if node.kind == "field":
            reduced: Any = node.callable.__reduce__()
            taken, (entry, *_) = reduced
            whole = self.piece(line.args[0])
            return f"{whole}.{entry}" if taken is attrgetter else f"{whole}[{entry!r}]"
        args = [self.piece(piece, f"{node.name}_{i}") for i, piece in enumerate(line.args)]
        args += [f"{k}={self.piece(piece, f'{node.name}_{k}')}" for k, piece in line.kwargs]
        return f"{self.function(node)}({', '.join(args)})"

    def function(self, node: Node) -> str:
        """How a node's function is written."""
        # A modifier may have put another function under a step's name.
        own = getattr(node.callable, "__name__", "") or node.step or node.name
        written = self.spaces.write(node.module, own, node.callable)
        self._modules.add(written.partition(".")[0])
        return written

    def piece(self, piece: Piece, wanted: str = "value") -> str:
        """One argument, or a result."""
        if isinstance(piece, int):
            return self.locals[piece]
        if isinstance(piece, Whole):
            if self.plan.lines[piece.slot - len(self.plan.given)].block is not None:
                return self.locals[piece.slot]
            return f"{self.locals[piece.slot]}.whole()"
        if isinstance(piece, Literal):
            return self.literal(piece.value, wanted)
        if isinstance(piece, Maybe):
            slot = piece.piece if isinstance(piece.piece, int) else piece.piece.slot
            default = self.literal(piece.default, wanted)
            is_made = f"{self.locals[slot]} is not {skipped(self)}"
            return f"{self.piece(piece.piece)} if {is_made} else {default}"
        parts = [self.piece(part, f"{wanted}_{i}") for i, part in enumerate(piece.pieces)]
        if piece.keys is None:
            return f"[{', '.join(parts)}]"
        entries = (f"{key!r}: {part}" for key, part in zip(piece.keys, parts, strict=True))
        return f"{{{', '.join(entries)}}}"

    def literal(self, value: object, wanted: str) -> str:
        """A value that is known before the run."""
        return repr(value) if _plain(value) else self.spaces.write("values", wanted, value)


def _is_taken_apart(line: Line) -> bool:
    """Whether the line only takes one of several results of a task, whose own names serve here."""
    return line.node.kind == "part" and isinstance(line.node.callable, itemgetter)


def compiled(text: Text, name: str) -> Callable[..., Any]:
    """The text's function. Tracebacks through it show its lines, as long as it lives."""
    import linecache
    from weakref import finalize

    lines = text.source.splitlines(keepends=True)
    linecache.cache[name] = (len(text.source), None, lines, name)
    names = dict(text.names)
    exec(compile(text.source, name, "exec"), names)
    function: Callable[..., Any] = names.pop("plan")
    finalize(function, linecache.cache.pop, name, None)
    return function


def _plain(value: object) -> bool:
    if isinstance(value, float):
        return isfinite(value)
    return value is None or type(value) in (int, bool) or (type(value) is str and len(value) <= 60)
