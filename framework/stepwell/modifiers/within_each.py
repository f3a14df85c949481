"""`parameterized_subdag`: several nodes out of one step, each with a subdag of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from stepwell.errors import ModifierError, did_you_mean
from stepwell.modifiers.arguments import Dependency, checked_name, of_wholes, place, short
from stepwell.modifiers.config import decided
from stepwell.modifiers.modifier import Modifier, Reading
from stepwell.modifiers.within import (
    Part,
    checked_dicts,
    checked_inputs,
    inner_nodes,
    placed,
    reader,
)
from stepwell.spec import NOTHING, Node

_SAYS = ("inputs", "config")


@dataclass(frozen=True)
class ParameterizedSubdag(Modifier):
    """Makes one node, and what is inside of it, for each name."""

    parts: tuple[Any, ...]
    inputs: Any
    config: Any
    nodes: Mapping[str, Any]

    stage: ClassVar[int] = 48

    def apply(self, nodes: Sequence[Node], reading: Reading) -> Iterable[Node]:
        if not self.nodes:
            raise ModifierError("`parameterized_subdag` needs at least one `name={…}`")
        return of_wholes(
            nodes,
            lambda node: [
                made
                for name, given in self.nodes.items()
                for made in self._made(node, name, given, reading)
            ],
        )

    def _made(self, node: Node, name: str, given: Any, reading: Reading) -> list[Node]:
        checked_name(name, argument=name)
        if not isinstance(given, Mapping):
            raise ModifierError(
                f"`{name}` takes a dict of `inputs` and `config`; got `{short(given)}`",
                argument=name,
            )
        for key in given:
            if key not in _SAYS:
                near = did_you_mean(str(key), _SAYS) or "; it takes `inputs` and `config`"
                raise ModifierError(f"`{name}` takes no `{key}`{near}", argument=name)
        mine = [given.get(key, {}) for key in _SAYS]
        checked_dicts("parameterized_subdag", self.inputs, self.config)
        checked_dicts(name, *mine)
        inputs, config = {**self.inputs, **mine[0]}, {**self.config, **mine[1]}
        every = inner_nodes("parameterized_subdag", self.parts, reading)
        checked_inputs(every, inputs)
        inner = decided(every, config)
        owner = replace(node, name=str(name), span=place(name, node.span))
        return [*placed(inner, owner, str(name), inputs, config), reader(owner, str(name), inner)]


def parameterized_subdag(
    *parts: Part,
    inputs: Mapping[str, Dependency] = NOTHING,
    config: Mapping[str, Any] = NOTHING,
    **nodes: Mapping[str, Mapping[str, Any]],
) -> ParameterizedSubdag:
    """One node for each keyword, each with a subdag of these parts inside; see `subdag`.

    Args:
        parts: functions, and modules of which all steps are meant.
        inputs: what all of them are given.
        config: what all of them are decided by.
        nodes: for each name, what it is given (`inputs`) and decided by (`config`) beside that.

    >>> from stepwell.modifiers import source
    >>> def count(words: list[str]) -> int:
    ...     return len(words)
    >>> @parameterized_subdag(
    ...     count,
    ...     question_length={"inputs": {"words": source("question_words")}},
    ...     answer_length={"inputs": {"words": source("answer_words")}},
    ... )
    ... def length(count: int) -> int:
    ...     return count
    """
    return ParameterizedSubdag(parts, inputs, config, nodes)
