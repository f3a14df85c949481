"""What is raised through an SDK, so that who catches its errors catches ours.

SDKs pass errors of their own kind on, as they are and without repeating anything; others they take
for a lost connection.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeAlias, TypeVar

from stepwell.errors import BadAnswer

Error = TypeVar("Error", bound=Exception)
Fail: TypeAlias = Callable[..., BadAnswer]
"""Makes a `BadAnswer`; takes what that takes."""

ANSWERS = {"openai": "APIError", "anthropic": "APIError"}
"""By module of an SDK: what a bad answer is one of."""

REFUSALS = {"anthropic": "AnthropicError"}
"""What a gate's refusal is one of, where the SDK would take it for a lost connection."""


def kind_of(client: object, kinds: Mapping[str, str]) -> type[Exception] | None:
    """A class of errors of the client's SDK; `None` if none is needed."""
    module = type(client).__module__.partition(".")[0]
    kind: type[Exception] | None = getattr(sys.modules.get(module), kinds.get(module, ""), None)
    return kind


def failing(client: object) -> Fail:
    """What makes a `BadAnswer` that is an error of the client's SDK too."""
    kind = kind_of(client, ANSWERS)

    def fail(message: str, **known: Any) -> BadAnswer:
        return dressed(BadAnswer(message, **known), kind)

    return fail


def dressed(error: Error, kind: type[Exception] | None) -> Error:
    """The same error, which is one of that kind too."""
    if kind is not None and not isinstance(error, kind):
        ours: Any = type(error)
        theirs: Any = kind
        error.__class__ = both(ours, theirs)
        told = vars(error)
        told.setdefault("message", str(error))
        for name in ("body", "request", "param", "type"):
            told.setdefault(name, None)
    return error


@cache
def both(ours: Any, kind: Any) -> Any:
    """A class that is ours and an SDK's; it travels to other processes as what it is made of."""

    def reduced(self: Exception) -> tuple[Any, ...]:
        return _restored, (ours, kind, self.args, vars(self))

    return type(ours.__name__, (ours, kind), {"__module__": ours.__module__, "__reduce__": reduced})


def _restored(
    ours: type[Error], kind: type[Exception], args: tuple[Any, ...], known: dict[str, Any]
) -> Error:
    error = ours.__new__(ours, *args)
    vars(error).update(known)
    return dressed(error, kind)
