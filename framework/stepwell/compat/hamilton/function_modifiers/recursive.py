"""`subdag` and `parameterized_subdag`: other steps within a step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, ClassVar

from stepwell.compat.hamilton.function_modifiers.base import InvalidDecoratorException, like
from stepwell.compat.hamilton.function_modifiers.dependencies import Configuration, dependency
from stepwell.modifiers import parameterized_subdag as core_parameterized_subdag
from stepwell.modifiers import subdag as core_subdag
from stepwell.modifiers.arguments import Source, Value
from stepwell.modifiers.modifier import Modifier, Reading
from stepwell.modifiers.within import Subdag
from stepwell.modifiers.within_each import ParameterizedSubdag
from stepwell.spec import Node

Part = Callable[..., Any] | ModuleType


class _Renaming:
    """Reads for a subdag whose config is asked of keys of the driver's."""

    def __init__(self, reading: Reading, keys: Mapping[str, str]) -> None:
        self.reading, self.keys = reading, keys

    def step(self, given: Any) -> Node:
        return self.reading.step(given)

    def steps(self, given: Any) -> list[Node]:
        return [
            replace(
                node,
                when=tuple(w._replace(key=self.keys.get(w.key, w.key)) for w in node.when),
                params=tuple(
                    p._replace(reads=self.keys.get(p.reads, p.reads)) for p in node.params
                ),
            )
            for node in self.reading.steps(given)
        ]


@dataclass(frozen=True)
class Renamed(Modifier):
    """A subdag, some of whose config has other names in the driver's."""

    inner: Modifier
    keys: Mapping[str, str]

    stage: ClassVar[int] = 48

    def apply(self, nodes: Sequence[Node], reading: Reading) -> Iterable[Node]:
        return self.inner.apply(nodes, _Renaming(reading, self.keys))


@like(core_subdag)
def subdag(
    *load_from: Part,
    inputs: Mapping[str, Any] | None = None,
    config: Mapping[str, Any] | None = None,
    namespace: str | None = None,
    final_node_name: str | None = None,
    external_inputs: Sequence[str] | None = None,
) -> Modifier:
    """The steps of these modules and functions, within this step, which reads what they make.

    `external_inputs` need not be said: what nobody inside makes is read from outside.

    Raises:
        InvalidDecoratorException: if a name is in `inputs` and in `config`, or no dependency.
    """
    inputs, plain, keys = _given(inputs, config)
    made: Modifier = Subdag(load_from, inputs, plain, namespace)
    return Renamed(made, keys) if keys else made


@like(core_parameterized_subdag)
def parameterized_subdag(
    *load_from: Part,
    inputs: Mapping[str, Any] | None = None,
    config: Mapping[str, Any] | None = None,
    external_inputs: Sequence[str] | None = None,
    **parameterization: Mapping[str, Any],
) -> Modifier:
    """One node for each keyword, each with a subdag of these parts inside; see `subdag`.

    Raises:
        InvalidDecoratorException: as `subdag` does.
    """
    inputs, plain, keys = _given(inputs, config)
    nodes: dict[str, dict[str, Any]] = {}
    for name, given in parameterization.items():
        own, settled, more = _given(given.get("inputs"), given.get("config"))
        nodes[name] = {"inputs": own, "config": settled}
        keys = keys | more
    made: Modifier = ParameterizedSubdag(load_from, inputs, plain, nodes)
    return Renamed(made, keys) if keys else made


def _given(
    inputs: Mapping[str, Any] | None, config: Mapping[str, Any] | None
) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
    """Inputs, config that is known now, and keys that the driver's config has under other names."""
    inputs, config = dict(inputs or {}), dict(config or {})
    for name, given in inputs.items():
        if name in config:
            raise InvalidDecoratorException(
                f"`{name}` is in `inputs` and in `config`; say it in one of them", argument=name
            )
        if not isinstance(given, Source | Value):
            raise InvalidDecoratorException(
                f"`{name}` of `inputs` takes `source(…)` or `value(…)`", argument=name
            )
    keys = {key: given.key for key, given in config.items() if isinstance(given, Configuration)}
    plain = {key: given for key, given in config.items() if key not in keys}
    plain = {key: g.value if isinstance(g, Value) else g for key, g in plain.items()}
    return {key: dependency(given) for key, given in inputs.items()}, plain, keys
