"""A parameter that almost names a node."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from functools import lru_cache

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
        unknown = [name for name in graph.inputs if name not in known]
        # No parameter can be called as what a step is made of: `answer.raw`.
        names = [name for name in graph.nodes if "." not in name]
        found = _near(unknown, [*names, *known])
        for name, near in found.items():
            readers = graph.inputs[name]
            for node, param in readers:
                told = graph.known_inputs is not None and param.required  # by missing-input
                meant = graph.nodes.get(near)
                other = meant is not None and fits(meant.type, param.type) is False
                if not (told or other or node.stale or node.name == near):
                    fix, place = rename(param, near), param.span or node.span
                    yield self.at(place, fix, node=node.name, param=name, near=near)


def _near(unknown: Collection[str], names: list[str]) -> dict[str, str]:
    """For each unknown name that is another one with a slip of the pen, the first of those."""
    keys = {name: _keys(name) for name in unknown}
    wanted = frozenset().union(*keys.values())
    # Two names that a slip parts have the same rest when each loses a letter, or none.
    likely: dict[str, list[str]] = defaultdict(list)
    for name in names if wanted else ():
        for key in wanted & _keys(name):
            likely[key].append(name)
    place = {name: number for number, name in enumerate(names)} if likely else {}
    found = {}
    for name, mine in keys.items():
        alike = {each for key in mine for each in likely.get(key, ()) if is_slip(name, each)}
        if alike:
            found[name] = min(alike, key=place.__getitem__)
    return found


@lru_cache(maxsize=1 << 15)
def _keys(name: str) -> frozenset[str]:
    """What is left of a name without one letter of it, and without none."""
    letters = name.lower().replace("_", "")
    return frozenset([letters, *(letters[:at] + letters[at + 1 :] for at in range(len(letters)))])


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
