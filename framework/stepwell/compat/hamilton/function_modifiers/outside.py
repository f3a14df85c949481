"""`mutate` and `apply_to`: a function as the last link of chains after others of its module."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from stepwell.compat.hamilton.function_modifiers.base import F, InvalidDecoratorException, like
from stepwell.compat.hamilton.function_modifiers.dependencies import dependency
from stepwell.compat.hamilton.function_modifiers.macros import ChainedOutput, Link, step
from stepwell.modifiers import does as core_does
from stepwell.modifiers import step as core_step
from stepwell.modifiers.modifier import ATTRIBUTE, Modifier
from stepwell.spec import Node


class NotSameModuleError(InvalidDecoratorException):
    """The function to be changed is of another module."""


@like(core_step)
def apply_to(fn_: Callable[..., Any], **mutating_fn_kwargs: Any) -> Link:
    """A function whose result is to be changed, what the changing one is given, and when."""
    return step(fn_, **mutating_fn_kwargs)


@dataclass(frozen=True)
class Mutating(Modifier):
    """Puts the function that it is hung on after others, and makes no node of it."""

    targets: tuple[Any, ...]
    given: tuple[tuple[str, Any], ...]

    stage: ClassVar[int] = 0

    def __call__(self, step: F) -> F:
        """Hangs a link on each of the others, and itself on the function.

        Raises:
            InvalidDecoratorException: if a function is of another module.
        """
        for target in self.targets:
            link = target if isinstance(target, Link) else apply_to(target)
            other = link.function
            if other.__module__ != step.__module__:
                raise NotSameModuleError(
                    f"`{step.__name__}` can't change `{other.__name__}`, which is of "
                    f"`{other.__module__}`"
                )
            _append(other, replace(link, function=step, given=link.given or self.given))
        return super().__call__(step)

    def expand(self, node: Node) -> Iterable[Node]:
        return ()


@like(core_does)
def mutate(
    *target_functions: Any, collapse: bool = False, **mutating_function_kwargs: Any
) -> Mutating:
    """Puts the function after each of these, whose results its first parameter takes.

    The function itself is no step.

    Args:
        target_functions: functions of its module, or `apply_to(…)`.
        collapse: not to be had.
        mutating_function_kwargs: what its other parameters are bound to, where `apply_to` does not
            say.

    Raises:
        NotImplementedError: where it is to `collapse`.
    """
    if collapse:
        raise NotImplementedError("`collapse` is not to be had; leave it out")
    given = tuple((key, dependency(each)) for key, each in mutating_function_kwargs.items())
    return Mutating(target_functions, given)


def _append(function: Callable[..., Any], link: Link) -> None:
    """Puts a link at the end of the chain after a function, or begins one."""
    carried = getattr(function, ATTRIBUTE, ())
    chains = [each for each in carried if isinstance(each, ChainedOutput)]
    if not chains:
        ChainedOutput((link,), None, ...)(function)
        return
    longer = replace(chains[-1], steps=(*chains[-1].steps, link))
    others = tuple(longer if each is chains[-1] else each for each in carried)
    setattr(function, ATTRIBUTE, others)
