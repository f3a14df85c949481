"""Where values come from, and several nodes out of one step."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from keyword import iskeyword
from typing import Any, NamedTuple

from stepwell.compat.hamilton.function_modifiers.base import InvalidDecoratorException, like
from stepwell.modifiers import inject as core_inject
from stepwell.modifiers.arguments import Group, Source, Unread, Value
from stepwell.modifiers.injected import Injected
from stepwell.modifiers.parameterized import Parameterized
from stepwell.modifiers.parameterized import parameterize as core_parameterize
from stepwell.spec import Node

LiteralDependency, UpstreamDependency = Value, Source


class Configuration(NamedTuple):
    """The value of a key of the driver's configuration; for the `config` of a subdag."""

    key: Any


def configuration(dependency_on: str) -> Configuration:
    """The value that the driver's configuration has for this key.

    >>> configuration("region").key
    'region'
    """
    return Configuration(dependency_on)


def dependency(given: Any) -> Source | Value | Group:
    """What is given, as a dependency: a plain value is a literal."""
    return given if isinstance(given, Source | Value | Group) else Value(given)


_SPELT = re.compile(r"spelt_((?:[0-9a-f]{2})+)_")


def spelt(given: Any) -> Any:
    """A name, or a dependency of names, as identifiers: a node may be called `Tax Rate` here."""
    match given:
        case Source(name):
            return Source(spelt(name))
        case Group(items, named):
            return Group(tuple(map(spelt, items)), {key: spelt(v) for key, v in named.items()})
        case str() if any(not p.isidentifier() or iskeyword(p) for p in given.split(".")):
            return f"spelt_{given.encode().hex()}_"
    return given


def unspelt(node: Node) -> Node:
    """A node with the names that were meant."""
    if "spelt_" not in node.name + "".join(param.reads for param in node.params):
        return node
    params = tuple(param._replace(reads=_unspelt(param.reads)) for param in node.params)
    return replace(node, name=_unspelt(node.name), params=params)


def _unspelt(name: str) -> str:
    return _SPELT.sub(lambda found: bytes.fromhex(found[1]).decode(), name)


@dataclass(frozen=True)
class Documented(Parameterized):
    """Makes one node for each name; the step's own docstring may name what it is made of in braces,
    and a docstring that is given is taken as it is."""

    def expand(self, node: Node) -> Iterable[Node]:
        names = {spelt(name): given for name, given in self.nodes.items()}
        for made in Parameterized({name: _wiring(given) for name, given in names.items()}).expand(
            node
        ):
            given = names[made.name]
            made = unspelt(made)
            if isinstance(given, tuple):
                yield replace(made, doc=str(given[1]))
                continue
            words: dict[str, Any] = {"output_name": made.name}
            for key, value in given.items():
                if isinstance(value, Source | Value):
                    words[str(key)] = value.name if isinstance(value, Source) else value.value
            yield replace(made, doc=_filled(made.doc, words))


def _filled(doc: str, words: Mapping[str, Any]) -> str:
    for key, value in words.items():
        doc = doc.replace("{" + key + "}", str(value))
    return doc


def _wiring(given: Any) -> Any:
    """The wiring, or wiring and docstring, of a node, with names that can be wired."""
    if isinstance(given, tuple) and given:
        return (_wiring(given[0]), *given[1:])
    return {k: spelt(v) for k, v in given.items()} if isinstance(given, Mapping) else given


@dataclass(frozen=True)
class Bound(Injected):
    """Binds parameters, to nodes of any names."""

    def expand(self, node: Node) -> Iterable[Node]:
        wired = Injected({key: spelt(given) for key, given in self.given.items()})
        return [unspelt(made) for made in wired.expand(node)]


@like(core_parameterize)
def parameterize(**parametrization: Any) -> Parameterized:
    """One node for each keyword: a dict of dependencies, or such a dict and a docstring.

    >>> from stepwell.compat.hamilton.function_modifiers import value
    >>> @parameterize(small={"size": value(1)}, large={"size": value(100)})
    ... def batch(size: int) -> list[int]: ...
    """
    return Documented(parametrization)


def parameterize_sources(**parameterization: Any) -> Parameterized:
    """One node for each keyword: the names that its parameters read.

    Raises:
        ValueError: if there is none, or one has no parameters.
    """
    if not parameterization:
        raise ValueError("`parameterize_sources` needs at least one `name={…}`")
    for name, given in parameterization.items():
        if isinstance(given, Unread):
            return Documented({name: given})
        if not given:
            raise ValueError(f"`{name}` of `parameterize_sources` names no parameter")
    return Documented(
        {
            name: {parameter: Source(source) for parameter, source in given.items()}
            for name, given in parameterization.items()
        }
    )


def parameterize_values(parameter: str, assigned_output: Any) -> Parameterized:
    """One node for each name and docstring, with one parameter bound to the literal of that name.

    Raises:
        InvalidDecoratorException: if a key is not a name and a docstring.
    """
    nodes: dict[Any, Any] = {}
    if isinstance(assigned_output, Unread):
        return Documented({parameter: assigned_output})
    for key, given in assigned_output.items():
        given_key: Any = key
        if not isinstance(given_key, tuple) or len(given_key) != 2:
            raise InvalidDecoratorException(
                f"a key of `assigned_output` is a name and a docstring; got `{key!r}`",
                argument="assigned_output",
            )
        nodes[key[0]] = ({parameter: Value(given)}, key[1])
    return Documented(nodes)


def parametrized_input(
    parameter: str, variable_inputs: Mapping[str, tuple[str, str]]
) -> Parameterized:
    """One node for each input: a name and a docstring for every name that `parameter` reads."""
    return Documented(
        {
            name: ({parameter: Source(source)}, doc)
            for source, (name, doc) in variable_inputs.items()
        }
    )


@like(core_inject)
def inject(**key_mapping: Any) -> Injected:
    """Binds parameters to `source(…)`, `value(…)` or `group(…)`."""
    return Bound({key: dependency(given) for key, given in key_mapping.items()})
