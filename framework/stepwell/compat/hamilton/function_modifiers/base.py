"""The error of a modifier that is given what it can't use, and the class of all modifiers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from stepwell.errors import ModifierError
from stepwell.modifiers.modifier import Modifier

__all__ = ["InvalidDecoratorException", "Modifier", "like"]

F = TypeVar("F", bound=Callable[..., Any])


class InvalidDecoratorException(ModifierError):
    """A decorator was given what it can't use, or put where it does not belong."""


def like(core: Any) -> Callable[[F], F]:
    """Marks a function as another way to call one of stepwell's own; a reader of text knows by it
    which of its arguments are functions or types."""

    def mark(function: F) -> F:
        function.__dict__["__wrapped__"] = core
        return function

    return mark
