"""`pipe_input` and `pipe_output`, whose links are called `with_…`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from stepwell.compat.hamilton.function_modifiers.base import like
from stepwell.compat.hamilton.function_modifiers.delayed import CONFIG
from stepwell.compat.hamilton.function_modifiers.dependencies import dependency, spelt, unspelt
from stepwell.errors import ModifierError
from stepwell.modifiers import step as core_step
from stepwell.modifiers.arguments import Named
from stepwell.modifiers.config import checked, choose
from stepwell.modifiers.modifier import Modifier, Reading
from stepwell.modifiers.piped import PipedInput, PipedOutput, Step
from stepwell.spec import Node


@dataclass(frozen=True)
class Link(Step):
    """One link of a chain; `args` are bound to the parameters after the first."""

    args: tuple[Any, ...] = ()

    CHAINED: ClassVar[tuple[str, ...]] = Step.CHAINED

    def named(self, name: str, namespace: Any = ...) -> Link:
        """The link's node is called so, within that namespace, or in none (`None`)."""
        space = self.space if namespace is ... else namespace
        return replace(self, name=name or self.name, space=space)

    def on_output(self, *names: Any) -> Link:
        return replace(self, outputs=(*self.outputs, *_flat(names)))

    def core(self, reading: Reading, position: int) -> Step:
        """The link as stepwell knows it, the `position`-th of its function's."""
        given = dict(self.given)
        if self.args:
            after = [param.keyword for param in reading.step(self.function).params][1:]
            if len(self.args) > len(after):
                raise ModifierError(
                    f"`{_name(self.function)}` takes {len(after)} more arguments; got "
                    f"{len(self.args)}"
                )
            given |= zip(after, map(dependency, self.args), strict=False)
        name = self.name
        if name is None:
            name = f"with_{_name(self.function).lstrip('_')}" + f"_{position}" * bool(position)
        return Step(
            self.function, tuple(given.items()), name, self.space, self.conditions, self.outputs
        )


@like(core_step)
def step(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Link:
    """One link of a chain: a function whose first parameter takes what is piped.

    What is no `source(…)` is a literal. Its node is called `with_` and the function's name.
    """
    return Link(fn, tuple((key, dependency(given)) for key, given in kwargs.items()), args=args)


@dataclass(frozen=True)
class ChainedInput(PipedInput):
    """Puts a chain before a parameter, in the namespace of the step."""

    def apply(self, nodes: Sequence[Node], reading: Reading) -> Iterable[Node]:
        space = (nodes[0].step if nodes else None) if self.namespace is ... else self.namespace
        links = tuple(_counted(self.steps, reading))
        if self.steps and not links:
            return nodes
        chained = PipedInput(links, self.on_input, spelt(space)).apply(nodes, reading)
        return [unspelt(node) for node in chained]


@dataclass(frozen=True)
class ChainedOutput(PipedOutput):
    """Puts a chain after a node."""

    def apply(self, nodes: Sequence[Node], reading: Reading) -> Iterable[Node]:
        links = tuple(_counted(self.steps, reading))
        if self.steps and not links:
            return nodes
        chained = PipedOutput(links, self.on_output, spelt(self.namespace)).apply(nodes, reading)
        return [unspelt(node) for node in chained]


def pipe_input(
    *transforms: Any, namespace: Any = ..., on_input: Any = None, collapse: bool = False
) -> Modifier:
    """A chain of small functions between what a parameter reads and the step.

    Raises:
        NotImplementedError: where it is to `collapse`, which no version can.
    """
    _refuse_collapse(collapse)
    return ChainedInput(transforms, on_input, namespace)


def pipe_output(
    *transforms: Any, namespace: Any = ..., on_output: Any = None, collapse: bool = False
) -> Modifier:
    """A chain of small functions after the step; what it returns itself is `name.raw`.

    Raises:
        NotImplementedError: where it is to `collapse`, which no version can.
    """
    _refuse_collapse(collapse)
    return ChainedOutput(transforms, None if on_output is ... else on_output, namespace)


pipe = pipe_input


def _counted(links: Iterable[Any], reading: Reading) -> Iterable[Any]:
    """The links as stepwell knows them; under a configuration those alone that it lets be."""
    seen: Counter[str] = Counter()
    config = CONFIG.get()
    for link in links:
        if not isinstance(link, Link):
            yield link
            continue
        if config is not None:
            checked(link.conditions)
            if not choose([Node("", when=link.conditions)], config):
                continue
            link = replace(link, conditions=())
        name = _name(link.function)
        yield link.core(reading, seen[name])
        seen[name] += 1


def _name(function: Any) -> str:
    if isinstance(function, Named):
        return function.name.rpartition(".")[2]
    return str(getattr(function, "__name__", "step"))


def _flat(given: Iterable[Any]) -> list[Any]:
    return [
        each
        for one in given
        for each in ([one] if isinstance(one, str) or not isinstance(one, Iterable) else one)
    ]


def _refuse_collapse(collapse: bool) -> None:
    if collapse:
        raise NotImplementedError("`collapse` is not to be had; leave it out")
