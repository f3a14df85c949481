"""`Parallelizable` and `Collect`, and the questions that are asked of types."""

from __future__ import annotations

from typing import Annotated, Any

from stepwell.fanout import Collect, Parallelizable
from stepwell.types import fits, from_object, holds

__all__ = [
    "Collect",
    "InvalidTypeException",
    "Parallelizable",
    "check_input_type",
    "column",
    "custom_subclass_check",
    "types_match",
]


column = Annotated
"""`column[pl.Series, int]`: the type of a column, and of what is in it."""


class InvalidTypeException(Exception):
    """A type that can't be used; kept so that it can be caught."""


def types_match(param_type: Any, required_node_type: Any) -> bool:
    """Whether what a step of type `required_node_type` makes may be read as `param_type`.

    >>> types_match(float, int), types_match(int, str)
    (True, False)
    """
    return fits(from_object(required_node_type), from_object(param_type)) is not False


def custom_subclass_check(requested_type: Any, param_type: Any) -> bool:
    """Whether a value of the first type may stand where the second is asked for.

    >>> custom_subclass_check(bool, int)
    True
    """
    fit = fits(from_object(requested_type), from_object(param_type))
    if fit is None and isinstance(requested_type, type) and isinstance(param_type, type):
        return issubclass(requested_type, param_type)
    return fit is not False


def check_input_type(node_type: Any, input_value: Any) -> bool:
    """Whether the value is of the type; `None` is of any.

    >>> check_input_type(list[int], [1, 2]), check_input_type(int, "1")
    (True, False)
    """
    return input_value is None or holds(from_object(node_type), input_value) is not False
