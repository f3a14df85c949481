"""What changed between two readings of the same modules: which steps, and how they are wired."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

from stepwell.spec import Condition, Node, Param

How = Literal["added", "removed", "rewired", "edited"]
Text = Callable[[str], str]
Key: TypeAlias = tuple[str, str, frozenset[Condition]]


@dataclass(frozen=True, slots=True)
class Change:
    """One step that is not as it was.

    Args:
        how: `added`; `removed`; `rewired` if it needs, gives or is something else, whatever else
            changed; `edited` if its code alone changed.
        node: the step as it is now, or as it was if it was removed.
        what: one sentence for everything that is wired differently.
    """

    how: How
    node: Node
    what: tuple[str, ...] = ()


def changes(before: Iterable[Node], after: Iterable[Node], old: Text, new: Text) -> list[Change]:
    """Every step that is not as it was: in the order of files and lines, the removed ones last.

    Comments, docstrings and layout are no code. A step is known by its file, its name, and the
    configuration under which it exists; so the same file is called the same on both sides.

    Args:
        before: the nodes as they were read then.
        after: the nodes as they are read now.
        old: gives the text that a file had then.
        new: gives the text of a file now.
    """
    was, now = _by_key(before), _by_key(after)
    then, today = _Code(old), _Code(new)
    found = []
    for key, node in now.items():
        if key not in was:
            found.append(Change("added", node))
        elif what := tuple(_wiring(was[key], node)):
            found.append(Change("rewired", node, what))
        elif then.of(was[key]) != today.of(node):
            found.append(Change("edited", node))
    return found + [Change("removed", node) for key, node in was.items() if key not in now]


def _by_key(nodes: Iterable[Node]) -> dict[Key, Node]:
    found: dict[Key, Node] = {}
    for node in sorted(nodes, key=lambda node: node.span or ("", 0)):
        home = node.span.file if node.span else node.module
        found.setdefault((home, node.name, frozenset(node.when)), node)
    return found


def _wiring(was: Node, now: Node) -> Iterator[str]:
    """What is wired differently, one sentence for each."""
    yield from _edges(was.params, now.params)
    bound = {(b.keyword, b.key): b.value for b in was.bound}
    for each in now.bound:
        if (each.keyword, each.key) not in bound:
            yield f"is given a value for `{each.keyword}`"
        elif bound.pop((each.keyword, each.key)) != each.value:
            yield f"is given another value for `{each.keyword}`"
    yield from (f"is given no value for `{keyword}` any more" for keyword, _ in bound)
    if was.type.short != now.type.short:
        yield f"gives `{now.type.short}`, was `{was.type.short}`"
    if was.kind != now.kind:
        yield f"is a {now.kind.replace('_', ' ')}, was a {was.kind.replace('_', ' ')}"
    for tag in sorted({*was.tags, *now.tags}):
        if was.tags.get(tag) != now.tags.get(tag):
            yield f"has another tag `{tag}`" if tag in now.tags else f"has no tag `{tag}` any more"


def _edges(was: tuple[Param, ...], now: tuple[Param, ...]) -> Iterator[str]:
    before = {(param.keyword, param.key): param for param in was}
    for param in now:
        known = before.pop((param.keyword, param.key), None)
        if known is None:
            yield f"reads `{param.reads}` now"
            continue
        if known.reads != param.reads:
            yield f"reads `{param.reads}` as `{param.keyword}`, was `{known.reads}`"
        if known.type.short != param.type.short:
            yield f"takes `{param.reads}` as `{param.type.short}`, was `{known.type.short}`"
        if known.required != param.required:
            yield f"{'needs' if param.required else 'can do without'} `{param.reads}` now"
    yield from (f"reads `{param.reads}` no more" for param in before.values())


class _Code:
    """The code of steps, without comments and layout."""

    def __init__(self, text: Text) -> None:
        self._functions = cache(lambda file: _functions(text(file)))

    def of(self, node: Node) -> str:
        """What a step's function does, and what it is decorated with besides modifiers."""
        if node.span is None:
            return ""
        function = self._functions(node.span.file).get(node.span.line)
        if function is None:
            return ""
        calls = node.body.decorators if node.body is not None else ()
        ours = {call.written for call in calls if call.name.startswith("stepwell.")}
        around = [ast.dump(each) for each in function.decorator_list if _written(each) not in ours]
        return "\n".join([*around, *map(ast.dump, _without_doc(function.body))])


def _functions(text: str) -> dict[int, ast.FunctionDef | ast.AsyncFunctionDef]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return {}
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return {node.lineno: node for node in ast.walk(tree) if isinstance(node, kinds)}


def _written(decorator: ast.expr) -> str:
    return ast.unparse(decorator.func if isinstance(decorator, ast.Call) else decorator)


def _without_doc(body: list[ast.stmt]) -> list[ast.stmt]:
    match body[0]:
        case ast.Expr(value=ast.Constant(value=str())):
            return body[1:]
    return body
