"""`Parallelizable` and `Collect`, and the questions that are asked of types."""

from __future__ import annotations

from typing import Any

from stepwell.fanout import Collect, Parallelizable
from stepwell.types import fits, from_object, holds

__all__ = [
    "Collect",
    "InvalidTypeException",
    "Parallelizable",
    "check_input_type",
    "custom_subclass_check",
    "types_match",
]


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
    return types_match(param_type, requested_type)


def check_input_type(node_type: Any, input_value: Any) -> bool:
    """Whether the value is of the type; `None` is of any.

    >>> check_input_type(list[int], [1, 2]), check_input_type(int, "1")
    (True, False)
    """
    return input_value is None or holds(from_object(node_type), input_value) is not False
