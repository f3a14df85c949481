"""`does`: a step without a body of its own, which does what another function does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from stepwell.errors import ModifierError
from stepwell.modifiers.arguments import no_parameter, place, short
from stepwell.modifiers.modifier import Modifier, Reading
from stepwell.spec import Node


@dataclass(frozen=True)
class Filled(Modifier):
    """Calls another function with the step's parameters."""

    function: Any
    mapping: Mapping[str, Any]

    stage: ClassVar[int] = 15

    def apply(self, nodes: Sequence[Node], reading: Reading) -> Iterable[Node]:
        doing = reading.step(self.function)
        for name in self.mapping.values():
            if not isinstance(name, str):
                raise ModifierError(
                    f"`does` takes the name of a parameter for each keyword; got `{short(name)}`"
                )
        return [self._filled(node, doing) for node in nodes]

    def _filled(self, node: Node, doing: Node) -> Node:
        known = {param.keyword for param in node.arguments}
        for keyword, name in self.mapping.items():
            if name not in known:
                raise no_parameter(node, str(name), argument=str(keyword))
        renamed = tuple((str(name), str(keyword)) for keyword, name in self.mapping.items())
        callable = None
        if node.callable is not None and doing.callable is not None:
            callable = Doing(node.step, doing.callable, renamed, _defaults(node))
        return replace(
            node,
            kind=doing.kind,
            params=tuple(param._replace(positional_only=False) for param in node.params),
            prompts=(),
            body=None,
            span=place(self.function, node.span),
            callable=callable,
        )


def does(function: Callable[..., Any], **mapping: str) -> Filled:
    """The step does what `function` does with its parameters, given by keyword.

    Args:
        function: usually of `**kwargs`.
        mapping: for a keyword of the function, the parameter of the step that it is given.

    >>> def _total(**amounts: float) -> float:
    ...     return sum(amounts.values())
    >>> @does(_total)
    ... def costs(rent: float, food: float = 0.0) -> float: ...
    """
    return Filled(function, mapping)


class Doing:
    """Calls a function with a step's parameters, some under another name."""

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        renamed: tuple[tuple[str, str], ...],
        defaults: Mapping[str, Any],
    ) -> None:
        self.function, self.renamed, self.defaults = function, dict(renamed), defaults
        self.__name__ = name

    def __call__(self, **given: Any) -> Any:
        words = {**self.defaults, **given}
        return self.function(**{self.renamed.get(key, key): words[key] for key in words})


def _defaults(node: Node) -> dict[str, Any]:
    """What the step's own signature says of parameters that nobody gives."""
    step: Any = node.callable
    if isinstance(step, Doing):
        return {**step.defaults}
    while hasattr(step, "__wrapped__"):
        step = step.__wrapped__
    code, last = step.__code__, step.__defaults__ or ()
    names = code.co_varnames[: code.co_argcount]
    found = dict(zip(names[len(names) - len(last) :], last, strict=True))
    return found | (step.__kwdefaults__ or {})
