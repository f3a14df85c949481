"""`parameterize`: several nodes out of one step, each with its own wiring."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from stepwell.errors import ModifierError
from stepwell.modifiers.arguments import Dependency, Source, Value, checked_name, place, wired
from stepwell.modifiers.modifier import Modifier
from stepwell.spec import Node


@dataclass(frozen=True)
class Parameterized(Modifier):
    """Makes one node for each name."""

    nodes: Mapping[str, Any]

    stage: ClassVar[int] = 40

    def expand(self, node: Node) -> Iterable[Node]:
        if not self.nodes:
            raise ModifierError("`parameterize` needs at least one `name={…}`")
        return [made(node, name, given) for name, given in self.nodes.items()]


def parameterize(
    **nodes: Mapping[str, Dependency] | tuple[Mapping[str, Dependency], str],
) -> Parameterized:
    """One node for each keyword: what its parameters are bound to, and if wanted a docstring.

    The docstring may name parameters in braces: `"the {language} prompt"`.

    >>> from stepwell.modifiers import source, value
    >>> @parameterize(
    ...     prompt_en=({"language": value("English")}, "The prompt in {language}."),
    ...     prompt_de={"language": value("German"), "question": source("frage")},
    ... )
    ... def prompt(question: str, language: str) -> str: ...
    """
    return Parameterized(nodes)


def made(node: Node, name: str, given: Any) -> Node:
    """The node of that name that this wiring makes, or this wiring and docstring.

    Raises:
        ModifierError: if the name or the wiring does not suit the node.
    """
    checked_name(name, argument=str(name))
    doc: Any = None
    wiring = given
    if isinstance(given, tuple) and len(given) == 2:
        wiring, doc = given
    if not isinstance(wiring, Mapping) or not isinstance(doc, str | None):
        raise ModifierError(
            f"`{name}` takes a dict of parameters, or such a dict and a docstring; got `{given!r}`",
            argument=name,
        )
    made = wired(node, wiring, argument=f"{name}.")
    words = _doc(node, doc, wiring) if doc is not None else node.doc
    return replace(made, name=str(name), doc=words, span=place(name, node.span))


def _doc(node: Node, doc: str, wiring: Mapping[str, Any]) -> str:
    for param in node.arguments:
        match wiring.get(param.keyword):
            case Source(word) | Value(word):
                pass
            case _:
                word = param.keyword
        doc = doc.replace("{" + param.keyword + "}", str(word))
    return doc
