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
from stepwell.modifiers.arguments import Source, Value, wires
from stepwell.modifiers.modifier import Modifier, Reading
from stepwell.modifiers.piped import same
from stepwell.modifiers.within import Subdag
from stepwell.modifiers.within_each import ParameterizedSubdag
from stepwell.spec import Bound, Node, Param
from stepwell.types import ANY

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


@dataclass(frozen=True)
class WithInputs(Subdag):
    """A subdag each of whose inputs is a node of its own, `namespace.input`."""

    def _made(self, node: Node, reading: Reading) -> list[Node]:
        space = str(self.namespace or node.name)
        given, read = all_inputs(self.parts, self.inputs, self.config, reading)
        inside = Subdag(self.parts, placed(read, space), self.config, self.namespace)
        return joined(inside.apply([node], reading), node, given, space)


def all_inputs(
    parts: Iterable[Any], inputs: Mapping[str, Any], config: Mapping[str, Any], reading: Reading
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Inputs and the values of the config, and those of them alone that steps inside may read."""
    given = {**{key: Value(value) for key, value in config.items()}, **inputs}
    inside = [node for part in parts for node in reading.steps(part)]
    asked = {param.reads for node in inside for param in node.params}
    asked -= {node.name.lstrip("_") for node in inside}
    return given, {key: value for key, value in given.items() if key in asked or key in inputs}


@dataclass(frozen=True)
class EachWithInputs(ParameterizedSubdag):
    """One node for each name, each with a subdag whose inputs are nodes."""

    def _made(self, node: Node, name: str, given: Any, reading: Reading) -> list[Node]:
        inputs = {**self.inputs, **given["inputs"]}
        config = {**self.config, **given["config"]}
        every, read = all_inputs(self.parts, inputs, config, reading)
        words = {name: {"inputs": placed(read, name), "config": config}}
        one = ParameterizedSubdag(self.parts, {}, {}, words)
        return joined(one.apply([node], reading), replace(node, name=name), every, name)


def placed(inputs: Mapping[str, Any], space: str) -> dict[str, Source]:
    """Each input as what its node gives."""
    return {name: Source(f"{space}.{name}") for name in inputs}


def joined(
    inside: Iterable[Node], owner: Node, inputs: Mapping[str, Any], space: str
) -> list[Node]:
    """The nodes of a subdag and those of its inputs, each of the type that is asked of it."""
    found = [*inside]
    types = {param.reads: param.type for node in found for param in node.params}
    for name, given in inputs.items():
        own = f"{space}.{name}"
        type = types.get(own, ANY)
        wires_ = [*wires(Param("given", own, type), given, name)]
        found.append(
            Node(
                own,
                type,
                tuple(each for each in wires_ if isinstance(each, Param)),
                step=owner.step,
                module=__name__,
                span=owner.span,
                bound=tuple(each for each in wires_ if isinstance(each, Bound)),
                when=owner.when,
                callable=same if owner.callable is not None else None,
            )
        )
    return found


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
    made: Modifier = WithInputs(load_from, inputs, plain, namespace)
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
    made: Modifier = EachWithInputs(load_from, inputs, plain, nodes)
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
