"""A parameter that almost names a node."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from stepwell.diagnostic import Diagnostic
from stepwell.graph import Graph
from stepwell.rules.rule import Rule, rename
from stepwell.types import fits

_VOWELS = "aeiouy"
_SHORTEST = 5
"""Of shorter words a neighbour is as likely meant as mistaken: `form`, `from`; `text`, `test`."""


class MisspelledInput(Rule):
    """
    ## What it does
    Checks for a parameter that names no node but is a node's name with a slip of
    the pen: two letters swapped, one left out or doubled, a wrong vowel, an
    underscore or a capital too many. Forms of a word (`passage`, `passages`) and
    other words (`content`, `context`) are left alone, and so are known inputs.

    ## Why is this bad?
    The graph takes it for an input that the caller must supply,
    and the node that was meant is never run.

    ## Example
    ```python
    def title(document: str) -> str:
        return document[:10]

    def report(titel: str) -> str:
        return titel.upper()
    ```

    Use instead:
    ```python
    def title(document: str) -> str:
        return document[:10]

    def report(title: str) -> str:
        return title.upper()
    ```
    """

    code = "SW102"
    name = "misspelled-input"
    severity = "warning"
    message = "`{param}` of `{node}` names no node; did you mean `{near}`?"

    def check(self, graph: Graph) -> Iterator[Diagnostic]:
        if graph.holes:
            return
        known = {*(graph.known_inputs or ()), *(graph.config or ())}
        known |= {m.name for m in graph.mentions if m.role in ("input", "config")}
        names = _index([*graph.nodes, *known])
        for name, readers in graph.inputs.items():
            if name in known:
                continue
            near = _near(name, names)
            if not near:
                continue
            for node, param in readers:
                told = graph.known_inputs is not None and param.required  # by missing-input
                meant = graph.nodes.get(near)
                other = meant is not None and fits(meant.type, param.type) is False
                if not (told or other or node.stale or node.name == near):
                    fix, place = rename(param, near), param.span or node.span
                    yield self.at(place, fix, node=node.name, param=name, near=near)


def _index(names: Iterable[str]) -> dict[str, list[str]]:
    """Names by what is left of them without one letter; two that a slip parts share such a rest."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in names:
        for key in _keys(name):
            found[key].append(name)
    return found


def _near(name: str, index: dict[str, list[str]]) -> str:
    found = (each for key in _keys(name) for each in index.get(key, ()) if is_slip(name, each))
    return next(found, "")


def _keys(name: str) -> list[str]:
    letters = name.lower().replace("_", "")
    return [letters, *(letters[:at] + letters[at + 1 :] for at in range(len(letters)))]


def is_slip(written: str, meant: str) -> bool:
    """Whether one name is the other with a slip of the pen, rather than another word.

    >>> [is_slip(name, "retriever") for name in ("retreiver", "retrievr", "retrieved")]
    [True, True, False]
    """
    if written.strip("_") == meant.strip("_"):
        return False  # `_schema`, `schema_`: how Python spells another thing of that name
    one, other = written.lower().replace("_", ""), meant.lower().replace("_", "")
    if one == other:
        made = written[:1].islower() and meant[:1].isupper()  # a function that stands for a class
        return len(one) >= _SHORTEST and not made
    if written.count("_") != meant.count("_"):
        return False
    if abs(len(one) - len(other)) > 1 or min(len(one), len(other)) < _SHORTEST:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    end = 0
    while end < min(len(one), len(other)) - start and one[-1 - end] == other[-1 - end]:
        end += 1
    mine, theirs = one[start : len(one) - end], other[start : len(other) - end]
    if not (mine + theirs).isalpha() or start == 0 or not _same_words(written, meant):
        return False
    if len(mine) == len(theirs) == 2:
        return mine == theirs[::-1]
    if len(mine) == len(theirs) == 1:
        return mine in _VOWELS and theirs in _VOWELS
    return len(mine) + len(theirs) == 1 and end > 0


def _same_words(written: str, meant: str) -> bool:
    """Whether the words that differ are long enough to be told apart, and not forms of one word."""
    ours, theirs = written.lower().split("_"), meant.lower().split("_")
    if len(ours) != len(theirs):
        return True
    return all(
        a == b
        or (min(len(a), len(b)) >= _SHORTEST - 1 and not a.startswith(b) and not b.startswith(a))
        for a, b in zip(ours, theirs, strict=True)
    )
