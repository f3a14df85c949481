"""`fallback`: what takes the place of a step that failed for good."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from stepwell.errors import ModifierError
from stepwell.modifiers.arguments import Unread, short
from stepwell.modifiers.settings import Settings
from stepwell.spec import Node

_NOT_GIVEN: Any = ...


@dataclass(frozen=True)
class FallsBack(Settings):
    """Puts a fallback on every node that the step makes, as tags."""

    wrong: str = ""

    def expand(self, node: Node) -> Iterable[Node]:
        if self.wrong:
            raise ModifierError(self.wrong)
        return super().expand(node)


def fallback(*, model: str | list[str] | None = None, value: Any = _NOT_GIVEN) -> FallsBack:
    """Puts another model or a value in the place of a step that failed, as `Fallback` does.

    It needs no adapter in the driver, and goes before one that is there. With `retry` it comes when
    all attempts have failed. The adapter can do more: it takes a function, and other errors.

    Args:
        model: the model, or several to try in turn, that the step's requests name then.
        value: what the step gives then: `None`, a number, a text, or a list or dict of such.

    >>> @fallback(model="small")
    ... def answer(prompt: str) -> str: ...
    """
    if (model is None) == (value is _NOT_GIVEN):
        wrong = "`fallback` takes either `model` or `value`; give one of them"
        return FallsBack("fallback", (), wrong=wrong)
    if value is _NOT_GIVEN:
        return _to_model(model)
    return _to_value(value)


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
