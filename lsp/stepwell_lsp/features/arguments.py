"""What may stand inside a modifier's arguments, a config and a prompt's placeholders."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from stepwell.graph import Graph
from stepwell.read.source.header import header
from stepwell.rules.routes import values_of
from stepwell.spec import Node
from stepwell.types import Type
from stepwell_lsp import cursor
from stepwell_lsp.cursor import Bracket
from stepwell_lsp.positions import Text
from stepwell_lsp.scopes import parameters
from stepwell_lsp.snapshot import Snapshot

_BELOW = 60  # lines under the cursor in which the step of a decorator is looked for
_DEF = re.compile(r"(?:async[ \t]+)?def[ \t]+(\w+)")
_NEW = re.compile(r"\s*\w*$")
_GIVEN = re.compile(r"\s*(\w+)\s*=")
_FIELD = re.compile(r"(?<!\{)(?:\{\{)*\{\w*$")
_TEMPLATE = re.compile(r"(\w+)\s*(?::[^=]*)?=")
_CONDITIONS = ("when", "when_not", "when_in", "when_not_in")
_DRIVERS = ("Driver", "with_config")


class Word(NamedTuple):
    """One that may stand there: as it is shown and as it is written, with what is told of it.

    `rank` orders: 0 first. `node` is the step that makes it, if one does.
    """

    name: str
    written: str = ""
    type: Type | None = None
    node: Node | None = None
    rank: int = 0


def words(
    snapshot: Snapshot, file: str, graphs: Iterable[Graph], line: int, column: int
) -> list[Word] | None:
    """What may stand at the cursor; `None` where it is in no such place."""
    text = snapshot.text(file)
    before = cursor.before(text, line, column)
    brackets, quoted = cursor.open_brackets(before)
    if quoted and _FIELD.search(before):
        return list(_placeholders(text, line))
    for bracket in reversed(brackets):
        name = cursor.called(before, bracket)
        if name:
            break
    else:
        return None
    last = name.rpartition(".")[2]
    if last in _DRIVERS and quoted and _in_key(before, brackets):
        return [Word(key) for key in sorted(_keys(graphs))]
    module = snapshot.modules.get(file)
    canonical = module.names.canonical(name) if module else None
    if not (canonical or "").startswith("stepwell."):
        return None
    step = step_below(text, line)
    if last in _CONDITIONS:
        own = step.name if step else ""
        if ".config." not in (canonical or ""):
            return list(_guard(graphs, bracket, before, step, quoted=quoted))
        return list(_condition(graphs, bracket, before, own, quoted=quoted))
    if last == "source" and quoted:
        return list(_sources(graphs, step))
    wants_parameter = (last == "inject" and not quoted and brackets[-1] is bracket) or (
        last == "parameterize" and quoted and _in_key(before, brackets)
    )
    if wants_parameter and step:
        return list(_parameters(step, bracket.parts(before), "" if quoted else "="))
    return None


def step_below(text: Text, line: int) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The head of the step that a decorator in this line stands on."""
    for number in range(line, min(line + _BELOW, len(text.lines)) + 1):
        if _DEF.match(text.line(number)):
            rest = "\n".join(text.line(n) for n in range(number, number + _BELOW))
            found = header(rest)
            return found.tree if found else None
    return None


def _in_key(before: str, brackets: list[Bracket]) -> bool:
    last = brackets[-1]
    return before[last.offset] == "{" and ":" not in last.parts(before)[-1]


def _parameters(
    step: ast.FunctionDef | ast.AsyncFunctionDef, parts: list[str], end: str
) -> Iterator[Word]:
    """The parameters of the step that are not given yet."""
    if end and not _NEW.match(parts[-1]):
        return
    given = {found[1] for part in parts if (found := _GIVEN.match(part))} if end else set()
    for rank, parameter in enumerate(parameters(step)):
        if parameter.arg not in given:
            yield Word(parameter.arg, parameter.arg + end, rank=min(rank, 9))


def _sources(
    graphs: Iterable[Graph], step: ast.FunctionDef | ast.AsyncFunctionDef | None
) -> Iterator[Word]:
    """Every node that is not made of the step itself, then the inputs."""
    for graph in graphs:
        own = [node.name for node in graph.written if step and node.step == step.name]
        after = graph.downstream(own)
        read = {param.reads for node in graph.written for param in node.params}
        for node in graph.nodes.values():
            if node.name not in after:
                yield Word(node.name, "", node.type, node, int(node.name in read))
        for name, readers in graph.inputs.items():
            others = [param for node, param in readers if node.name not in own]
            if others:  # else it may be what is being typed
                yield Word(name, "", others[0].type, rank=2)


def _condition(
    graphs: Iterable[Graph], bracket: Bracket, before: str, own: str, *, quoted: bool
) -> Iterator[Word]:
    """Keys that conditions of other steps than `own` ask for or a config sets; or their values."""
    part = bracket.parts(before)[-1]
    key = _GIVEN.match(part)
    if not quoted and not key and _NEW.match(part):
        yield from (Word(name, f"{name}=") for name in sorted(_keys(graphs, own)))
    if quoted and key:
        values = {
            value
            for graph in graphs
            for value in _values(graph, key[1], own)
            if isinstance(value, str)
        }
        yield from (Word(value) for value in sorted(values))


def _guard(
    graphs: Iterable[Graph],
    bracket: Bracket,
    before: str,
    step: ast.FunctionDef | ast.AsyncFunctionDef | None,
    *,
    quoted: bool,
) -> Iterator[Word]:
    """Names that `when` may ask, or the values that the one it asks can have."""
    part = bracket.parts(before)[-1]
    key = _GIVEN.match(part)
    if not quoted and not key and _NEW.match(part):
        for word in _sources(graphs, step):
            if word.name.isidentifier():
                yield word._replace(written=f"{word.name}=")
    if quoted and key:
        values = [v for graph in graphs for v in values_of(graph, key[1]) or ()]
        yield from (Word(v) for v in dict.fromkeys(values) if isinstance(v, str))


def _keys(graphs: Iterable[Graph], own: str = "") -> set[str]:
    found: set[str] = set()
    for graph in graphs:
        found |= {c.key for n in graph.written if n.step != own for c in n.when if c.key}
        found |= {m.name for m in graph.mentions if m.role == "config"}
    return found


def _values(graph: Graph, key: str, own: str) -> Iterator[object]:
    for node in graph.written:
        for condition in node.when:
            if condition.key == key and node.step != own:
                yield from condition.values
    if graph.config and key in graph.config:
        yield graph.config[key]


def _placeholders(text: Text, line: int) -> Iterator[Word]:
    """The parameters of the step that the template stands in, or of those that format it."""
    seen: set[str] = set()
    for head in _heads(text, line):
        for parameter in parameters(head):
            if parameter.arg not in seen:
                seen.add(parameter.arg)
                yield Word(parameter.arg)


def _heads(text: Text, line: int) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    top = next((n for n in range(line, 0, -1) if text.line(n)[:1].strip(" \t)]}#")), 0)
    if found := _DEF.match(text.line(top)):
        step = header("\n".join(text.line(n) for n in range(top, top + _BELOW)))
        yield from [step.tree] if step and step.tree.name == found[1] else []
    elif found := _TEMPLATE.match(text.line(top)):
        for number, other in enumerate(text.lines, start=1):
            if f"{found[1]}.format" in other:
                yield from _heads(text, number)
