"""The functions and modules that a modifier's arguments name, read from the workspace's text."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator
from typing import Any

from stepwell.errors import ModifierError
from stepwell.modifiers.arguments import Named, NotSeen
from stepwell.read.problems import no_function
from stepwell.read.source.chunks import Chunk, Places
from stepwell.read.source.names import Defined, Names, written
from stepwell.spec import Node

Read = Callable[[Defined, Names, Places], Node]
ReadAll = Callable[[Defined, Names, Places, frozenset[str]], list[Node]]


class Borrowed:
    """Reads for modifiers; `used` tells whether one has asked.

    Args:
        names: what names mean where the modifier is written.
        plain: gives the node of a function before any modifier.
        nodes: gives its nodes with all modifiers applied, told what is being read already.
        open: what is being read already.
    """

    def __init__(
        self, names: Names, plain: Read, nodes: ReadAll, *, open: frozenset[str] = frozenset()
    ) -> None:
        self.names, self.plain, self.nodes, self.open = names, plain, nodes, open
        self.used = False

    def step(self, given: Any) -> Node:
        """The node of a function by itself.

        Raises:
            ModifierError: if it is no function.
            NotSeen: if it is not in the workspace.
        """
        self.used = True
        home, defined, chunk = self._function(self._named(given))
        return self.plain(defined, home, Places(home.file, chunk))

    def steps(self, given: Any) -> list[Node]:
        """The nodes of a function, or of all steps of a module.

        Raises:
            ModifierError: if it is neither, or is being read already.
            NotSeen: if it is not in the workspace.
        """
        self.used = True
        name = self._named(given)
        if name in self.open:
            raise ModifierError(f"`{name.rpartition('.')[2]}` is a part of itself")
        module = self.names.others(name)
        found = _public(module) if module is not None else [self._function(name)]
        open = self.open | {name}
        return [
            node
            for home, defined, chunk in found
            for node in self.nodes(defined, home, Places(home.file, chunk), open)
        ]

    def _named(self, given: Any) -> str:
        if isinstance(given, Named):
            return given.name
        raise ModifierError(no_function(given))

    def _function(self, name: str) -> tuple[Names, Defined, Chunk]:
        home, _, last = name.rpartition(".")
        owner = self.names if home == self.names.module else self.names.others(home)
        built_in = "." not in name and hasattr(builtins, name)
        if built_in or (owner is not None and last in owner.classes):
            raise ModifierError(no_function(Named(last)))
        found = owner.functions.get(last) if owner is not None else None
        if owner is None or found is None:
            raise NotSeen(name)
        return owner, *found


def _public(module: Names) -> Iterator[tuple[Names, Defined, Chunk]]:
    for name, (defined, chunk) in module.functions.items():
        if not name.startswith("_"):
            yield module, defined, chunk
    if module.package == module.module:  # a package stands for what it shows of its modules
        for local, dotted in module.imports.items():
            home, _, last = dotted.rpartition(".")
            inner = module.others(home) if home.startswith(module.module + ".") else None
            if inner is not None and last == local in inner.functions and local[:1] != "_":
                yield inner, *inner.functions[local]


def named_by(expression: ast.expr, names: Names, places: Places | None = None) -> Named | None:
    """The function, class or module of the workspace or of Python that an expression names."""
    dotted = written(expression)
    if dotted is None or dotted.partition(".")[0] in names.constants:
        return None
    canonical = names.canonical(dotted)
    span = places.span(expression) if places is not None else None
    return Named(canonical, span) if canonical else None
