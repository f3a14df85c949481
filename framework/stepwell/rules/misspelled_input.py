"""A parameter that almost names a node."""

from __future__ import annotations

from collections.abc import Iterator

from stepwell.diagnostic import Diagnostic
from stepwell.graph import Graph
from stepwell.rules.rule import Rule, rename
from stepwell.spelling import Spellings
from stepwell.types import fits


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
        given = Spellings(sorted(known))
        for name, readers in graph.inputs.items():
            near = "" if name in known else graph.spellings.meant(name) or given.meant(name)
            for node, param in readers if near else ():
                told = graph.known_inputs is not None and param.required  # by missing-input
                meant = graph.nodes.get(near)
                other = meant is not None and fits(meant.type, param.type) is False
                if not (told or other or node.stale or node.name == near):
                    fix, place = rename(param, near), param.span or node.span
                    yield self.at(place, fix, node=node.name, param=name, near=near)
