"""What is wrong with a request, told before anything runs, all of it at once."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from stepwell.errors import RequestError, did_you_mean, nearest
from stepwell.graph import Graph
from stepwell.plan import Plan
from stepwell.spec import Node, Param
from stepwell.types import holds

Target = str | Callable[..., Any]


def target_names(
    graph: Graph, targets: Iterable[Target] | Target, *, check: bool = False
) -> tuple[str, ...]:
    """The names of the targets; a function stands for the node that it makes.

    Args:
        graph: the graph that they are of.
        targets: names and functions.
        check: refuse names that the graph does not have.

    Raises:
        RequestError: if a function makes no node, or several, of this graph, or if something
            else than a name or a function was given.
    """
    names: list[str] = []
    problems: list[str] = []
    for target in (targets,) if isinstance(targets, str) or callable(targets) else targets:
        if isinstance(target, str):
            names.append(target)
            if check and target not in graph.nodes and target not in graph.inputs:
                near = did_you_mean(target, [*graph.nodes, *graph.inputs])
                problems.append(f"`{target}` is neither a node nor an input{near}")
            continue
        made = [node.name for node in graph.nodes.values() if _same(node.callable, target)]
        if len(made) == 1:
            names += made
        elif made:
            several = ", ".join(f"`{name}`" for name in made)
            problems.append(f"`{target.__name__}` makes {several}; ask for them by name")
        else:
            problems.append(_not_a_target(target))
    if problems:
        raise RequestError(problems)
    return tuple(dict.fromkeys(names))


def _same(step: object, target: object) -> bool:
    """Whether both are one function; `module_of` copies functions, and a copy is the same too."""
    code = getattr(target, "__code__", None)
    return step is target or (code is not None and getattr(step, "__code__", None) is code)


def _not_a_target(target: object) -> str:
    name = getattr(target, "__name__", None)
    if callable(target) and name:
        module = getattr(target, "__module__", "?")
        return f"`{name}` of `{module}` makes no node of this driver; add its module to the driver"
    return f"`{target!r}` is neither a name nor a step"


def problems_of(
    plan: Plan,
    *,
    inputs: Iterable[str],
    overrides: Iterable[str],
    config: Mapping[str, Any],
    under_any_config: Callable[[], Graph],
) -> list[str]:
    """One sentence for each thing that keeps this plan from running, types left aside."""
    graph, nodes = plan.graph, plan.graph.nodes
    problems = []
    for name in plan.targets:
        if name not in nodes and name not in plan.given and name not in graph.inputs:
            cure = _under_config(name, under_any_config) or _near(name, graph, config)
            problems.append(f"`{name}` is asked for and is no node{cure}")
        elif name not in nodes and name not in plan.given:
            problems.append(f"`{name}` is asked for, is an input, and is not given")
    for name in overrides:
        if name not in nodes:
            input_ = "; it is an input, give it in `inputs`" if name in graph.inputs else ""
            problems.append(
                f"`{name}` is overridden and is no node{input_ or did_you_mean(name, nodes)}"
            )
    problems += _fan_outs(plan)
    unread = [name for name in inputs if not _known(name, plan, config)]
    for missing in plan.missing:
        cure = _under_config(missing.name, under_any_config)
        cure = cure or _misspelled(missing.name, unread) or did_you_mean(missing.name, nodes)
        kind = "" if missing.param.type.name == "?" else f": {missing.param.type.short}"
        problems.append(
            f"`{missing.name}{kind}` is needed by {missing.node.place} and is not given; "
            f"pass it in `inputs`{cure}"
        )
    for name in inputs:
        if name in config:
            problems.append(
                f"`{name}` is given in `inputs` and in the config; give it in one place"
            )
        elif name in nodes:
            span = nodes[name].span
            where = f" ({span})" if span else ""
            problems.append(
                f"`{name}` is given in `inputs` and is a step{where}; "
                "to put a value in its place use `overrides`"
            )
    return problems


def _fan_outs(plan: Plan) -> Iterator[str]:
    """What can't be asked of steps that are done once for each item."""
    if plan.blocks is None:
        return
    for name in plan.targets:
        if within := plan.blocks.values.get(name):
            yield (
                f"`{name}` is made once for each item of `{within[-1]}` and can't be asked for by "
                "itself; ask for a step that takes it in a `Collect`"
            )
    yield from (misuse.message for misuse in plan.blocks.misuses)


def _known(name: str, plan: Plan, config: Mapping[str, Any]) -> bool:
    # What this plan reads is looked up first: the inputs of a large graph take time to gather.
    graph = plan.graph
    return name in plan.given or name in graph.nodes or name in config or name in graph.inputs


def _near(name: str, graph: Graph, config: Mapping[str, Any]) -> str:
    return did_you_mean(name, [*graph.nodes, *graph.inputs, *config])


def _misspelled(name: str, unread: Iterable[str]) -> str:
    near = nearest(name, unread)
    return f"; `{near}` is given and no step reads it" if near else ""


def _under_config(name: str, under_any_config: Callable[[], Graph]) -> str:
    """Under which configuration there is a step of that name, if there is under any."""
    written = under_any_config().variants(name)
    conditions = [
        " and ".join(
            f"`{when.key}` {_OPERATORS.get(when.operator, when.operator)} "
            + " or ".join(map(repr, when.values))
            for when in node.when
        )
        for node in written
        if node.when and all(when.values for when in node.when)
    ]
    return f"; it is one when the config's {', or '.join(conditions)}" if conditions else ""


_OPERATORS = {"is": "is", "is_not": "is not", "in": "is", "not_in": "is not"}


def warn_of_unread(plan: Plan, names: Iterable[str], *, stacklevel: int) -> None:
    """Warns of each input that no step of the driver reads."""
    for name in names:
        if not _known(name, plan, {}):
            near = did_you_mean(name, [*plan.graph.inputs, *plan.graph.nodes])
            warnings.warn(f"input `{name}` is read by no step{near}", stacklevel=stacklevel + 1)


def refuse_shapes(targets: object, inputs: object, overrides: object) -> None:
    """Refuses what is no list of targets, or no mapping of names.

    Raises:
        RequestError: with one sentence for each.
    """
    problems = []
    if not isinstance(targets, Iterable) and not callable(targets):
        problems.append(f"`targets` is {shown(targets)}; give a list of names or steps")
    for what, given in (("inputs", inputs), ("overrides", overrides)):
        if not isinstance(given, Mapping):
            problems.append(f"`{what}` is {shown(given)}; give a dict of values by name")
        else:
            problems += [
                f"`{what}` has the key `{key!r}`, which is no name"
                for key in given
                if not isinstance(key, str)
            ]
    if problems:
        raise RequestError(problems)


class Check(NamedTuple):
    """What an input has to be: what each step that reads it says.

    Args:
        name: the input.
        exact: a class whose instances are right without a closer look.
        readers: every step that reads it, with the parameter.
    """

    name: str
    exact: type | None
    readers: tuple[tuple[Node, Param], ...]

    def problems(self, value: object, permits: Callable[..., bool]) -> Iterator[str]:
        """One sentence for each reader that the value does not suit, unless `permits` says yes."""
        told: set[str] = set()
        for node, param in self.readers:
            kind = param.type
            if kind.short in told or holds(kind, value) is not False:
                continue
            if not permits("do_validate_input", node_type=kind, input_value=value):
                told.add(kind.short)
                yield (
                    f"`{self.name}` is {shown(value)}, and {node.place} takes `{param.type.short}`"
                )


def checks_of(plan: Plan, names: Iterable[str]) -> list[Check]:
    """A check for each of the named inputs whose readers say a type."""
    wanted = {name: [] for name in names}  # type: dict[str, list[tuple[Node, Param]]]
    for node in plan.nodes:
        for param in node.params:
            if param.reads in wanted and param.type.name not in ("?", "typing.Any", "object"):
                wanted[param.reads].append((node, param))
    return [
        Check(name, _EXACT.get(readers[0][1].type.short), tuple(readers))
        if len({param.type for _, param in readers}) == 1
        else Check(name, None, tuple(readers))
        for name, readers in wanted.items()
        if readers
    ]


_EXACT: dict[str, type] = {kind.__name__: kind for kind in (str, int, float, bool, bytes)}


def shown(value: object) -> str:
    """A value as a message shows it: a number itself, of all else the class; it may be a secret.

    >>> shown(3), shown("sk-…"), shown([1, 2]), shown({"k": "v"})
    ('int 3', 'str', 'list[int]', 'dict[str, str]')
    """
    kind = type(value).__name__
    if type(value) in (bool, int, float):
        return f"{kind} {value}"
    if isinstance(value, dict) and value:
        return f"{kind}[{_classes(value)}, {_classes(value.values())}]"
    if isinstance(value, list | tuple | set | frozenset) and value:
        return f"{kind}[{_classes(value)}]"
    return kind


def _classes(values: Iterable[object]) -> str:
    return " | ".join(dict.fromkeys(type(value).__name__ for value in islice(values, 1000)))
