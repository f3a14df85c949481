"""Steps that exist under some configuration only, and functions that are no steps."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple

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
    """A question of one's own to the configuration.

    The driver answers it when it is built, as the value of a key that stands for it.
    """

    question: Callable[[Mapping[str, Any]], bool]

    stage: ClassVar[int] = 10

    @property
    def key(self) -> str:
        """The key of the configuration that the answer goes by."""
        question: Any = self.question
        told = f"{question.values}" if isinstance(question, AsTold) else f"{id(question)}"
        return f"hamilton.config({told})"

    def expand(self, node: Node) -> Iterable[Node]:
        name = node.name.partition("__")[0] or node.name
        when = (*node.when, Condition(self.key, "is", (True,)))
        return (replace(node, name=name, when=when),)


@dataclass(frozen=True)
class Excluded(Modifier):
    """Makes nothing of a function."""

    stage: ClassVar[int] = 0

    def expand(self, node: Node) -> Iterable[Node]:
        return ()


class config:  # noqa: N801 — the name that its users write
    """`@config.when(region="US")` and its kin; `@config(question)` with a function of the config.

    >>> @config.when(region="US")
    ... def price__us(base: float) -> float: ...
    """

    def __new__(
        cls,
        resolves: Callable[[Mapping[str, Any]], bool],
        target_name: str | None = None,
        config_used: Collection[str] = (),
    ) -> Modifier:  # type: ignore[misc]
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


hamilton_exclude = Excluded()
"""The function is no step."""


def answered(steps: Iterable[Callable[..., Any]], config: Mapping[str, Any]) -> dict[str, bool]:
    """What the questions that hang on these functions come to, by the keys they go by."""
    from stepwell.modifiers.modifier import modifiers_of

    found: dict[str, bool] = {}
    for step in steps:
        for modifier in modifiers_of(step):
            inner = modifier.condition if isinstance(modifier, Renamed) else modifier
            if isinstance(inner, Asked):
                found[inner.key] = bool(inner.question(config))
    return found


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
