"""`parameterize_sources`: several nodes out of one step, which differ in what they read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from stepwell.errors import ModifierError
from stepwell.modifiers.arguments import Source, short
from stepwell.modifiers.modifier import Modifier
from stepwell.modifiers.parameterized import made
from stepwell.spec import Node


@dataclass(frozen=True)
class ParameterizedSources(Modifier):
    """Makes one node for each name."""

    nodes: Mapping[str, Any]

    stage: ClassVar[int] = 40

    def expand(self, node: Node) -> Iterable[Node]:
        if not self.nodes:
            raise ModifierError("`parameterize_sources` needs at least one `name={…}`")
        return [made(node, name, _wiring(name, given)) for name, given in self.nodes.items()]


def parameterize_sources(**nodes: Mapping[str, str]) -> ParameterizedSources:
    """One node for each keyword: the names that its parameters read.

    >>> @parameterize_sources(
    ...     short_answer={"prompt": "short_prompt"},
    ...     long_answer={"prompt": "long_prompt"},
    ... )
    ... def answer(prompt: str, model: str) -> str: ...
    """
    return ParameterizedSources(nodes)


def _wiring(name: str, given: Any) -> dict[str, Source]:
    if not isinstance(given, Mapping):
        raise ModifierError(
            f"`{name}` takes a dict of parameters and the names that they read; "
            f"got `{short(given)}`",
            argument=name,
        )
    return {parameter: Source(source) for parameter, source in given.items()}
