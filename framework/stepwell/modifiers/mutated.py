"""`mutate` and `apply_to`: a function as the last link of chains after other steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from stepwell.errors import ModifierError
from stepwell.modifiers.arguments import Dependency, short
from stepwell.modifiers.modifier import F, Modifier, Reading
from stepwell.modifiers.piped import PipedOutput, Step
from stepwell.spec import Node


@dataclass(frozen=True)
class Mutation(Modifier):
    """Says which steps the function follows; it makes no node of its own."""

    targets: tuple[Any, ...]
    given: tuple[tuple[str, Any], ...] = ()

    stage: ClassVar[int] = 1

    def apply(self, nodes: Sequence[Node], reading: Reading) -> Iterable[Node]:
        if not self.targets:
            raise ModifierError("`mutate` needs at least one step of its module")
        for target in self._targets():
            home = reading.step(target.function).module
            for node in nodes:
                if node.module != home:
                    raise ModifierError(f"`mutate` takes steps of its own module, not of `{home}`")
        return ()

    def __call__(self, step: F) -> F:
        """Puts the function after its targets, and gives the very same function back.

        Raises:
            ModifierError: if a target is no function.
        """
        for target in self._targets():
            if not callable(target.function):
                raise ModifierError(f"`mutate` takes steps; got `{short(target.function)}`")
            self.after(target, step)(target.function)
        return super().__call__(step)

    def after(self, target: Step, function: Any) -> PipedOutput:
        """The chain of one link that is put after this target."""
        link = replace(target, function=function, given=target.given or self.given)
        return PipedOutput((link,), None, ...)

    def links(self, function: Any) -> Iterator[tuple[Any, PipedOutput]]:
        """Each target's function, and what is put after it where `function` is mutating."""
        for target in self._targets():
            yield target.function, self.after(target, function)

    def _targets(self) -> Iterator[Step]:
        for target in self.targets:
            yield target if isinstance(target, Step) else Step(target)


def mutate(*targets: Callable[..., Any] | Step, **given: Dependency) -> Mutation:
    """Puts the function after other steps of its module: its first parameter takes what they make.

    What they made is then `name.raw`, as with `pipe_output`. The function itself makes no node.

    Args:
        targets: steps that are written above it, as they are or in `apply_to(…)`.
        given: what its other parameters are bound to, where `apply_to` does not say it.

    >>> def answer(prompt: str) -> str: ...
    >>> @mutate(apply_to(answer).when(length="short"))
    ... def _shortened(text: str, limit: int = 100) -> str:
    ...     return text[:limit]
    """
    return Mutation(targets, tuple(given.items()))


def apply_to(function: Callable[..., Any], **given: Dependency) -> Step:
    """A step for `mutate` to follow, with what the mutating function is given there.

    It takes `named`, `namespaced`, `on_output` and conditions, as `step` does.
    """
    return Step(function, tuple(given.items()))
