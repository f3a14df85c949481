"""Steps that exist under some configuration only, and functions that are no steps."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple

from stepwell.compat.hamilton.function_modifiers.delayed import CONFIG
from stepwell.modifiers import config as core
from stepwell.modifiers.modifier import Modifier
from stepwell.spec import Condition, Node


@dataclass(frozen=True)
class Renamed(Modifier):
    """A condition, and the name that the node has then."""

    condition: Modifier
    name: Any

    stage: ClassVar[int] = 10

    def expand(self, node: Node) -> Iterable[Node]:
        return [
            replace(made, name=str(self.name)) if self.name else made
            for made in self.condition.expand(node)
        ]


@dataclass(frozen=True)
class Asked(Modifier):
    """A question of one's own to the configuration."""

    question: Any

    stage: ClassVar[int] = 10

    @property
    def key(self) -> str:
        """What the condition is called by."""
        question = self.question
        told = f"{question.values}" if isinstance(question, AsTold) else f"{id(question)}"
        return f"hamilton.config({told})"

    def expand(self, node: Node) -> Iterable[Node]:
        name, config = node.name.partition("__")[0] or node.name, CONFIG.get()
        if config is not None:
            return (replace(node, name=name),) if self.question(config) else ()
        # Without a configuration the condition stands, as every other does.
        when = (*node.when, Condition(self.key, "is", (True,)))
        return (replace(node, name=name, when=when),)


@dataclass(frozen=True)
class Excluded(Modifier):
    """Makes nothing of a function."""

    stage: ClassVar[int] = 0

    def expand(self, node: Node) -> Iterable[Node]:
        return ()


class Config:
    """`@config.when(region="US")` and its kin; `@config(question)` with a function of the config.

    >>> @config.when(region="US")
    ... def price__us(base: float) -> float: ...
    """

    def __call__(
        self,
        resolves: Callable[[Mapping[str, Any]], bool],
        target_name: str | None = None,
        config_used: Collection[str] = (),
    ) -> Modifier:
        """The step exists where this function of the configuration is true."""
        return _named(Asked(resolves), target_name)

    @staticmethod
    def when(name: str | None = None, **key_value_pairs: Any) -> Modifier:
        """The step exists where config has every one of these values."""
        return _named(_when(key_value_pairs), name)

    @staticmethod
    def when_not(name: str | None = None, **key_value_pairs: Any) -> Modifier:
        """The step exists where config has none of these values."""
        return _named(core.when_not(**key_value_pairs), name)

    @staticmethod
    def when_in(name: str | None = None, **key_value_group_pairs: Collection[Any]) -> Modifier:
        """The step exists where config has one of these values for every key."""
        return _named(core.when_in(**key_value_group_pairs), name)

    @staticmethod
    def when_not_in(**key_value_group_pairs: Collection[Any]) -> Modifier:
        """The step exists where config has none of these values for any key."""
        return core.when_not_in(**key_value_group_pairs)


config = Config()
"""Conditions on the configuration."""

hamilton_exclude = Excluded()
"""The function is no step."""


def _named(condition: Modifier, name: Any) -> Modifier:
    return Renamed(condition, name) if name else condition


def _when(values: Mapping[str, Any]) -> Modifier:
    """The condition; a key that is to be `None` may also be missing."""
    if None in values.values():
        return Asked(AsTold(tuple(values.items())))
    return core.when(**values)


class AsTold(NamedTuple):
    """Asks whether a configuration has these values, where one that is missing is `None`."""

    values: tuple[tuple[str, Any], ...]

    def __call__(self, config: Mapping[str, Any]) -> bool:
        return all(config.get(key) == value for key, value in self.values)
