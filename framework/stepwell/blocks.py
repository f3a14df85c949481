"""Which steps are done once for each item of a fan-out, and what is wrong with how that is written.

A *source* returns `Parallelizable[T]`. A step that reads it is done once for each item, and so is
what reads that: they are a *block*. A `Collect[T]` parameter takes what a block made for all items;
whoever has one is outside. A source in a block makes a block within it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from stepwell.graph import Graph
from stepwell.keys import hidden
from stepwell.spec import Node, Param

STREAM = "stepwell.Stream"
ITEMS = "stepwell.Parallelizable"
LIVE = "stepwell.Collecting"
ALL = ("stepwell.Collect", LIVE)
ON_ERROR = "on_error"
"""The tag of a source that says what the failure of an item means."""
KEY = "item_key"
"""The tag of a source that says which attribute or entry of an item is what it is called by."""
POLICIES = ("fail", "skip", "collect")

Nest = tuple[str, ...]
"""The sources within whose blocks something is, outermost first."""


class Misuse(NamedTuple):
    """A fan-out that can't be run as written: where, and why."""

    node: Node
    param: Param | None
    message: str


class Blocks(NamedTuple):
    """What is done for each item.

    Args:
        nests: for each node, in which blocks its step is done.
        values: for each node and given name, in which blocks there is one value for each item.
        misuses: what can't be run.
    """

    nests: Mapping[str, Nest]
    values: Mapping[str, Nest]
    misuses: tuple[Misuse, ...]

    def gathers(self, param: Param) -> bool:
        """Whether it takes what was made for all items, and not a value like any other."""
        return param.type.name in ALL and bool(self.values.get(param.reads))


def blocks(order: Iterable[Node], graph: Graph, given: Collection[str] = ()) -> Blocks:
    """The blocks of these nodes, each of which comes after those that it reads.

    A name in `given` has one value, whatever its step says; in the place of a source it has items.
    """
    nodes = graph.nodes
    nests: dict[str, Nest] = {}
    values: dict[str, Nest] = {
        name: (name,) if _is_source(nodes.get(name)) else () for name in given
    }
    waited: dict[str, frozenset[str]] = {}
    misuses: list[Misuse] = []
    for node in order:
        nest: Nest = ()
        over: frozenset[str] = frozenset()
        for param in node.params:
            value = values.get(param.reads, ())
            over |= waited.get(param.reads, frozenset())
            if param.type.name in ALL:
                if value:
                    over |= {value[-1]}
                    value = value[:-1]
                elif param.reads not in given:
                    misuses.append(_collects_one(node, param, graph))
            elif param.type.name == ITEMS:
                misuses.append(_takes_items(node, param))
            if nest[: len(value)] == value:
                continue
            if value[: len(nest)] != nest:
                misuses.append(_two(node, param, nest, value))
            nest = value
        misuses += _too_early(node, nest, over)
        misuses += _live_for_each(node, nest, nodes, values)
        nests[node.name], waited[node.name] = nest, over
        values[node.name] = (*nest, node.name) if _is_source(node) else nest
    return Blocks(nests, values, tuple(misuses))


def never_collected(found: Blocks, graph: Graph) -> Iterator[Misuse]:
    """Sources of which nobody collects anything."""
    collected = {
        found.values[param.reads][-1]
        for node in graph.written
        for param in node.params
        if found.gathers(param)
    }
    for node in graph.nodes.values():
        if _is_source(node) and node.name in found.values and node.name not in collected:
            kind = node.type.types[0].short if node.type.types else "T"
            message = (
                f"`{node.name}` fans out, and nothing collects what is made for each item; take it "
                f"in a parameter annotated `Collect[{kind}]`"
            )
            yield Misuse(node, None, message)


def policy(source: Node) -> str:
    """What the failure of one item means: `fail`, `skip` or `collect`; `""` where it isn't said."""
    said = source.tags.get(ON_ERROR, "")
    return said if isinstance(said, str) else ""


def item_key(source: Node, item: object) -> str | None:
    """What an item is called in errors, where its source says so; at most 60 characters.

    >>> item_key(Node("page", tags={"item_key": "path"}), {"path": "a.txt", "text": "…"})
    "'a.txt'"
    """
    said = source.tags.get(KEY)
    if not isinstance(said, str):
        return None
    try:
        found = item[said] if isinstance(item, Mapping) else getattr(item, said)
    except (AttributeError, LookupError):
        return None
    text = hidden(repr(found).encode()).decode("utf-8", "replace")
    return text if len(text) <= 60 else f"{text[:57]}…"


def _is_source(node: Node | None) -> bool:
    return node is not None and node.type.name == ITEMS


def _collects_one(node: Node, param: Param, graph: Graph) -> Misuse:
    what = "is made once" if param.reads in graph.nodes else "is an input"
    return Misuse(
        node,
        param,
        f"`{node.name}` collects `{param.reads}`, which {what}; nothing it needs returns "
        "`Parallelizable`",
    )


def _takes_items(node: Node, param: Param) -> Misuse:
    return Misuse(
        node,
        param,
        f"`{node.name}` takes `{param.reads}` as `Parallelizable`; a step that reads it is given "
        "one item, so annotate the item, or use `Collect` for all of them",
    )


def _two(node: Node, param: Param, one: Nest, other: Nest) -> Misuse:
    return Misuse(
        node,
        param,
        f"`{node.name}` takes items of `{one[-1]}` and of `{other[-1]}`, which are not within each "
        "other; collect one of them first",
    )


def _live_for_each(
    node: Node, nest: Nest, nodes: Mapping[str, Node], values: Mapping[str, Nest]
) -> Iterator[Misuse]:
    for param in node.params if nest else ():
        maker = nodes.get(param.reads)
        if maker is None or STREAM not in (maker.type.name, param.type.name):
            continue
        if maker.type.name == param.type.name and len(values.get(param.reads, ())) < len(nest):
            yield Misuse(
                node,
                param,
                f"`{node.name}` is done for each item of `{nest[-1]}` and reads the chunks of "
                f"`{param.reads}`, which come once; take it whole",
            )


def _too_early(node: Node, nest: Nest, over: frozenset[str]) -> Iterator[Misuse]:
    for source in nest:
        if source in over:
            yield Misuse(
                node,
                None,
                f"`{node.name}` is done for each item of `{source}` and needs what all of them "
                "come to; fan out again from what was collected",
            )
