"""Decorators that the driver's configuration decides: `resolve`, `dynamic_transform`, `model`."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from inspect import Parameter, signature
from typing import Any

from stepwell.compat.hamilton.function_modifiers.base import InvalidDecoratorException
from stepwell.errors import ModifierError
from stepwell.modifiers.arguments import Unread
from stepwell.modifiers.modifier import Modifier, Reading
from stepwell.spec import Node, Param

CONFIG: ContextVar[Mapping[str, Any] | None] = ContextVar("config", default=None)
"""The configuration of the driver that is being built; `None` while there is none."""


@contextmanager
def under(config: Mapping[str, Any]) -> Iterator[None]:
    """Within, modifiers that ask for the configuration are given this one."""
    token = CONFIG.set(config)
    try:
        yield
    finally:
        CONFIG.reset(token)


class ResolveAt(enum.Enum):
    """When a decorator is made."""

    CONFIG_AVAILABLE = "config_available"


@dataclass(frozen=True)
class Resolved(Modifier):
    """Is what a function makes of the configuration; nothing while there is no configuration."""

    decorate_with: Callable[..., Modifier]

    @property
    def made(self) -> Modifier | None:
        """The modifier that it is.

        Raises:
            ModifierError: if the configuration has not what it is made of.
        """
        config = CONFIG.get()
        if config is None:
            return None
        given: dict[str, Any] = {}
        for name, param in signature(self.decorate_with).parameters.items():
            if name in config:
                given[name] = config[name]
            elif param.default is Parameter.empty:
                raise ModifierError(f"`resolve` needs `{name}`, which the config has not")
        return self.decorate_with(**given)

    @property
    def stage(self) -> int:  # type: ignore[override]
        """That of the modifier that it is; what can't be made is told where it applies."""
        try:
            return getattr(self.made, "stage", 0)
        except ModifierError:
            return 0

    def apply(self, nodes: Sequence[Node], reading: Reading) -> Iterable[Node]:
        made = self.made
        return nodes if made is None else made.apply(nodes, reading)


def resolve(*, when: Any, decorate_with: Any) -> Resolved:
    """The decorator that a function makes, of values of the configuration by its parameters' names.

    Raises:
        ValueError: for a `when` that is none.
        InvalidDecoratorException: if the function takes more than keywords.
    """
    if when is not ResolveAt.CONFIG_AVAILABLE and not isinstance(when, Unread):
        raise ValueError("`when` is `ResolveAt.CONFIG_AVAILABLE`")
    unread = isinstance(decorate_with, Unread)  # as it is where text alone is read
    params = {} if unread else signature(decorate_with).parameters
    for name, param in params.items():
        if param.kind not in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY):
            raise InvalidDecoratorException(
                f"`decorate_with` takes `{name}`, which can't be given by keyword", argument=name
            )
    return Resolved(decorate_with)


def resolve_from_config(*, decorate_with: Any) -> Resolved:
    """As `resolve`."""
    return resolve(when=ResolveAt.CONFIG_AVAILABLE, decorate_with=decorate_with)


@dataclass(frozen=True)
class Transformed(Modifier):
    """Computes what an object computes, which is made of a value of the configuration."""

    transform: Callable[..., Any]
    key: str
    options: Mapping[str, Any]

    def expand(self, node: Node) -> Iterable[Node]:
        config = CONFIG.get()
        if config is None:
            return (node,)
        if self.key not in config:
            raise ModifierError(f"`{node.name}` needs `{self.key}`, which the config has not")
        made = self.transform(config[self.key], node.name, **self.options)
        params = tuple(Param(name, name, node.type) for name in made.get_dependents())
        return (replace(node, params=params, kind="function", callable=made.compute),)


def dynamic_transform(
    transform_cls: Callable[..., Any], config_param: str, **extra_transform_params: Any
) -> Transformed:
    """What an object of that class computes, made of the configuration's `config_param`."""
    return Transformed(transform_cls, config_param, extra_transform_params)


model = dynamic_transform
