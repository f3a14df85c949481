"""`mutate` and `apply_to`: a function as the last link of chains after others of its module."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from stepwell.compat.hamilton.function_modifiers.base import F, InvalidDecoratorException, like
from stepwell.compat.hamilton.function_modifiers.dependencies import dependency
from stepwell.compat.hamilton.function_modifiers.macros import ChainedOutput, Link, step
from stepwell.modifiers import mutate as core_mutate
from stepwell.modifiers import step as core_step
from stepwell.modifiers.modifier import ATTRIBUTE, Modifier
from stepwell.modifiers.mutated import Mutation
from stepwell.modifiers.piped import Step


class NotSameModuleError(InvalidDecoratorException):
    """The function to be changed is of another module."""


@like(core_step)
def apply_to(fn_: Callable[..., Any], **mutating_fn_kwargs: Any) -> Link:
    """A function whose result is to be changed, what the changing one is given, and when."""
    return step(fn_, **mutating_fn_kwargs)


@dataclass(frozen=True)
class Mutating(Mutation):
    """Puts the function that it is hung on after others, and makes no node of it."""

    def __call__(self, step: F) -> F:
        """Hangs a link on each of the others, and itself on the function.

        Raises:
            InvalidDecoratorException: if a function is of another module.
        """
        for target in self._targets():
            other = target.function
            if other.__module__ != step.__module__:
                raise NotSameModuleError(
                    f"`{step.__name__}` can't change `{other.__name__}`, which is of "
                    f"`{other.__module__}`"
                )
            _append(other, self.after(target, step))
        return Modifier.__call__(self, step)

    def after(self, target: Step, function: Any) -> ChainedOutput:
        """The chain of one link that is put after this target."""
        link = replace(target, function=function, given=target.given or self.given)
        return ChainedOutput((link,), None, ...)

    def _targets(self) -> Iterator[Step]:
        for target in self.targets:
            yield target if isinstance(target, Step) else apply_to(target)


@like(core_mutate)
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


def _append(function: Callable[..., Any], chain: ChainedOutput) -> None:
    """Makes the chain after a function longer, or begins one."""
    carried = getattr(function, ATTRIBUTE, ())
    chains = [each for each in carried if isinstance(each, ChainedOutput)]
    if not chains:
        chain(function)
        return
    longer = replace(chains[-1], steps=(*chains[-1].steps, *chain.steps))
    others = tuple(longer if each is chains[-1] else each for each in carried)
    setattr(function, ATTRIBUTE, others)
