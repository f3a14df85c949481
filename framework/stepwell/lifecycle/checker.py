"""Checks what steps are given and what they make against their annotations."""

from __future__ import annotations

from typing import Any

from stepwell import types
from stepwell.lifecycle.base import PostNodeExecute, PreNodeExecute
from stepwell.spec import Node
from stepwell.types import Type

STREAM = "stepwell.Stream"
LIVE = (STREAM, "stepwell.Collecting")


class FunctionInputOutputTypeChecker(PreNodeExecute, PostNodeExecute):
    """Refuses a value that does not fit the annotation of a parameter, or of the step's result.

    A step that failed is not checked, so its own error is what is seen. Types that can't be
    judged (protocols, type variables) pass.

    Args:
        check_input: whether to check what steps are given.
        check_output: whether to check what steps make.
    """

    def __init__(self, *, check_input: bool = True, check_output: bool = True) -> None:
        self.check_input, self.check_output = check_input, check_output

    def pre_node_execute(self, *, node_: Node, kwargs: dict[str, Any], **_: Any) -> None:
        if not self.check_input:
            return
        for param in node_.params:
            if param.key is None and param.keyword in kwargs and param.type.name not in LIVE:
                value = kwargs[param.keyword]
                if types.holds(param.type, value) is False:
                    raise TypeError(
                        f"`{param.keyword}` of {node_.place} is annotated `{param.type.short}`"
                        f" and is given {_described(value)}"
                    )

    def post_node_execute(self, *, node_: Node, success: bool, result: Any, **_: Any) -> None:
        if success and self.check_output and types.holds(_whole(node_.type), result) is False:
            raise TypeError(
                f"{node_.place} is annotated to return `{node_.type.short}`"
                f" and returned {_described(result)}"
            )


def _whole(type_: Type) -> Type:
    """What a stream's chunks come to in the end; any other type as it is."""
    if type_.name != STREAM:
        return type_
    chunk = type_.args[0] if type_.args else None
    return chunk if isinstance(chunk, Type) and chunk.name == "str" else Type("list", type_.args)


def _described(value: object) -> str:
    if value is None:
        return "`None`"
    cls = type(value)
    name = cls.__name__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__name__}"
    return f"a `{name}`"
