"""`mutate` and `apply_to`: a function as the last link of chains after others of its module."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from stepwell.compat.hamilton.function_modifiers.base import InvalidDecoratorException
from stepwell.compat.hamilton.function_modifiers.configuration import hamilton_exclude
from stepwell.compat.hamilton.function_modifiers.dependencies import dependency
from stepwell.compat.hamilton.function_modifiers.macros import ChainedOutput, Link, step
from stepwell.modifiers.modifier import ATTRIBUTE


class NotSameModuleError(InvalidDecoratorException):
    """The function to be changed is of another module."""


def apply_to(fn_: Callable[..., Any], **mutating_fn_kwargs: Any) -> Link:
    """A function whose result is to be changed, what the changing one is given, and when."""
    return step(fn_, **mutating_fn_kwargs)


def mutate(
    *target_functions: Any, collapse: bool = False, **mutating_function_kwargs: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Puts the function after each of these, whose results its first parameter takes.

    The function itself is no step.

    Args:
        target_functions: functions of its module, or `apply_to(…)`.
        collapse: not to be had.
        mutating_function_kwargs: what its other parameters are bound to, where `apply_to` does not
            say.

    Raises:
        NotImplementedError: where it is to `collapse`.
        InvalidDecoratorException: if a function is of another module.
    """
    if collapse:
        raise NotImplementedError("`collapse` is not to be had; leave it out")
    given = tuple((key, dependency(each)) for key, each in mutating_function_kwargs.items())

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for target in target_functions:
            link = target if isinstance(target, Link) else apply_to(target)
            other = link.function
            if other.__module__ != function.__module__:
                raise NotSameModuleError(
                    f"`{function.__name__}` can't change `{other.__name__}`, which is of "
                    f"`{other.__module__}`"
                )
            _append(other, replace(link, function=function, given=link.given or given))
        return hamilton_exclude(function)

    return decorate


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
