"""`fallback`: what takes the place of a step that failed for good."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from stepwell.errors import ModifierError
from stepwell.modifiers.arguments import Unread, short
from stepwell.modifiers.settings import Settings
from stepwell.spec import Node

_NOT_GIVEN: Any = ...


class FunctionName(str):
    """A function's name, which knows the function where the code is live."""

    __slots__ = ("function",)
    function: Callable[..., Any]

    def __new__(cls, function: Callable[..., Any]) -> FunctionName:
        named = super().__new__(cls, function.__name__)
        named.function = function
        return named

    def __reduce__(self) -> tuple[Any, ...]:
        return FunctionName, (self.function,)


@dataclass(frozen=True)
class FallsBack(Settings):
    """Puts a fallback on every node that the step makes, as tags."""

    wrong: str = ""
    function: FunctionName | None = field(default=None, compare=False)

    def expand(self, node: Node) -> Iterable[Node]:
        if self.wrong:
            raise ModifierError(self.wrong)
        for made in super().expand(node):
            if self.function is None:
                yield made
            else:
                tags = {**made.tags, "fallback.step": self.function}
                yield replace(made, tags=MappingProxyType(tags))


def fallback(
    *,
    model: str | list[str] | None = None,
    step: Callable[..., Any] | None = None,
    value: Any = _NOT_GIVEN,
) -> FallsBack:
    """Puts something else in the place of a step that failed, as `Fallback` does.

    It needs no adapter in the driver, and goes before one that is there. With `retry` it comes when
    all attempts have failed. The adapter can do more: it takes other errors.

    Args:
        model: the model, or several to try in turn, that the step's requests name then.
        step: a function that is called then with those of the step's arguments that it takes.
        value: what the step gives then: `None`, a number, a text, or a list or dict of such.

    >>> @fallback(model="small")
    ... def answer(prompt: str) -> str: ...
    """
    if (model is not None) + (step is not None) + (value is not _NOT_GIVEN) != 1:
        wrong = "`fallback` takes one of `model`, `step` and `value`; give one of them"
        return FallsBack("fallback", (), wrong=wrong)
    if model is not None:
        return _to_model(model)
    if step is not None:
        return _to_step(step)
    return _to_value(value)


def _to_step(step: Any) -> FallsBack:
    text = step.text if isinstance(step, Unread) else getattr(step, "__name__", "")
    name = text.rpartition(".")[2]
    if not name.isidentifier() or not (isinstance(step, Unread) or callable(step)):
        wrong = f"`fallback` takes a function with a name for `step`; got `{short(step)}`"
        return FallsBack("fallback", (), wrong=wrong)
    function = None if isinstance(step, Unread) else FunctionName(step)
    return FallsBack("fallback", (("step", name),), function=function)


def _to_model(model: Any) -> FallsBack:
    models = model if isinstance(model, list | tuple) else [model]
    if not models or not all(isinstance(each, str | Unread) for each in models):
        wrong = f"`fallback` takes a model's name or several; got `{short(model)}`"
        return FallsBack("fallback", (), wrong=wrong)
    return FallsBack("fallback", (("model", tuple(map(str, models))),))


def _to_value(value: Any) -> FallsBack:
    if isinstance(value, Unread):
        return FallsBack("fallback", (("value", value),))
    import json

    try:
        text = json.dumps(value)
    except (TypeError, ValueError):
        wrong = f"`fallback` takes a value that JSON can hold; got `{short(value)}`"
        return FallsBack("fallback", (), wrong=wrong)
    return FallsBack("fallback", (("value", text),))
