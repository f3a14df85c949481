"""What a node or an input is, in a few lines of Markdown."""

from __future__ import annotations

from lsprotocol import types

from stepwell.graph import Graph
from stepwell.spec import Condition, Node, Param
from stepwell.types import UNKNOWN, Type
from stepwell_lsp.features import last_run
from stepwell_lsp.places import Place
from stepwell_lsp.prompts import prompts
from stepwell_lsp.snapshot import Snapshot

_SHOWN = 8
_WIDTH = 88
_WORDS = {"is": "is", "is_not": "is not", "in": "is one of", "not_in": "is none of"}


def hover(snapshot: Snapshot, file: str, position: types.Position) -> types.Hover | None:
    """What the name under the cursor is: its type, its doc, what it reads, who reads it."""
    found = snapshot.at(file, position)
    if not found:
        return None
    parts = dict.fromkeys(_about(snapshot, place) for place in found)
    text = types.MarkupContent(types.MarkupKind.Markdown, "\n\n---\n\n".join(parts))
    return types.Hover(text, snapshot.range(found[0].span))


def _about(snapshot: Snapshot, place: Place) -> str:
    if place.role == "step" and place.node:
        return _node(snapshot, place.graph, place.node)
    variants = place.graph.variants(place.name)
    if not variants:
        return _input(place)
    return "\n\n---\n\n".join(_node(snapshot, place.graph, node) for node in variants)


def _node(snapshot: Snapshot, graph: Graph, node: Node) -> str:
    lines = [f"```python\n{signature(node)}\n```"]
    if node.doc:
        lines.append(node.doc)
    lines += [f"~~~text\n{prompt}\n~~~" for prompt in prompts(snapshot, node)]
    facts = [_reads(graph, node), _read_by(graph, node.name)]
    if node.when:
        facts.append("exists when " + " and ".join(map(_condition, node.when)))
    if node.guards:
        facts.append("taken when " + " and ".join(map(_guard, node.guards)))
    if node.tags:
        facts.append("tags: " + ", ".join(f"`{key}={value}`" for key, value in node.tags.items()))
    if node.module:
        facts.append(
            f"written in `{node.module}`" + (f", line {node.span.line}" if node.span else "")
        )
    facts.append(last_run.fact(snapshot, node))
    lines.append("\n".join(f"- {fact}" for fact in facts if fact))
    return "\n\n".join(lines)


def signature(node: Node) -> str:
    """A node's signature as Python writes it, by the names that are read."""
    params = [
        p.reads + _annotation(": ", p.type) + ("" if p.required else " = …") for p in node.arguments
    ]
    word = "async def" if node.kind in ("coroutine", "async_generator") else "def"
    result = _annotation(" -> ", node.type)
    line = f"{word} {node.name}({', '.join(params)}){result}"
    if len(line) <= _WIDTH:
        return line
    lines = "".join(f"\n    {param}," for param in params)
    return f"{word} {node.name}({lines}\n){result}"


def _annotation(before: str, type: Type) -> str:
    return "" if type == UNKNOWN else before + type.short


def _reads(graph: Graph, node: Node) -> str:
    names = dict.fromkeys(param.reads for param in node.params)
    inputs = [name for name in names if name not in graph.nodes]
    nodes = [name for name in names if name in graph.nodes]
    parts = [f"reads {_listed(nodes)}"] if nodes else []
    if inputs:
        parts.append(f"takes the input{'s' * (len(inputs) > 1)} {_listed(inputs)}")
    return " and ".join(parts)


def _read_by(graph: Graph, name: str) -> str:
    readers = list(dict.fromkeys(node.name for node, _ in graph.readers(name)))
    asked = any(m.name == name and m.role == "target" for m in graph.mentions)
    if not readers:
        return "asked for; no step reads it" if asked else "no step reads it"
    return f"read by {_listed(readers)}" + (" and asked for" if asked else "")


def _input(place: Place) -> str:
    readers = list(place.graph.readers(place.name))
    kinds = dict.fromkeys(p.type.short for _, p in readers if p.type.name != "?")
    title = f"{place.name}: {' and '.join(kinds)}" if kinds else place.name
    names = list(dict.fromkeys(node.name for node, _ in readers))
    fact = f"read by {_listed(names)}" if names else "no step reads it"
    return f"```python\n{title}\n```\n\nAn input: no step makes it.\n\n- {fact}"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(f"`{name}`" for name in names[:_SHOWN]) + more


def _guard(param: Param) -> str:
    assert param.guard is not None
    operator, given = param.guard
    if operator not in _WORDS:
        return f"`{param.reads}` is not made"
    values = ", ".join(f"`{value!r}`" for value in given)
    return f"`{param.reads}` {_WORDS[operator]} {values}"


def _condition(condition: Condition) -> str:
    if condition.operator == "default":
        return "no other choice of its name does"
    values = ", ".join(f"`{value!r}`" for value in condition.values)
    return f"config `{condition.key}` {_WORDS[condition.operator]} {values}"
