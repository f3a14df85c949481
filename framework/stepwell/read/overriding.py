"""Which nodes of one name count where a later module may replace an earlier one's steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stepwell.spec import Node


def later_wins(groups: Sequence[Sequence[Node]], kept: Iterable[Node]) -> list[Node]:
    """Of each name, the nodes of the last module that makes it.

    Args:
        groups: the nodes of each module, in the order in which the modules are given.
        kept: those of them that exist under the configuration.

    >>> first, second = Node("a"), Node("a")
    >>> later_wins([[first, Node("b")], [second]], [first, second]) == [second]
    True
    """
    home = {id(node): number for number, group in enumerate(groups) for node in group}
    kept = list(kept)
    last: dict[str, int] = {}
    for node in kept:
        last[node.name] = max(last.get(node.name, 0), home[id(node)])
    for name in [*last]:
        # What a step is made of (`answer.raw`) goes with it.
        last[name] = max(last[name], last.get(name.partition(".")[0], 0))
    return [node for node in kept if home[id(node)] == last[node.name]]
