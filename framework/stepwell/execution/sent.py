"""What is sent to another process of a plan, and what can't be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

from stepwell.errors import RequestError
from stepwell.graph import Graph
from stepwell.lifecycle.dispatch import LifecycleSet
from stepwell.plan import Block, Line, Plan
from stepwell.spec import Node

if TYPE_CHECKING:
    from stepwell.executors.base import Executor


def modules_of(nodes: Iterable[Node], lifecycle: LifecycleSet) -> tuple[str, ...]:
    """The modules whose functions and classes go along."""
    steps = {getattr(node.callable, "__module__", None) for node in nodes}
    classes = {type(adapter).__module__ for adapter in lifecycle.adapters}
    return tuple(sorted(name for name in steps | classes if name))


def refuse_unsendable(nodes: Sequence[Node], lifecycle: LifecycleSet, pickler: str) -> None:
    """Refuses what can't be done in another process, before anything runs.

    Raises:
        RequestError: with one sentence for each.
    """
    from stepwell.executors.sending import by_value

    problems = []
    with by_value(pickler, modules_of(nodes, lifecycle)):
        for node in nodes:
            if node.kind in ("coroutine", "async_generator"):
                problems.append(
                    f"{node.place} is async, and items are done in processes; use `AsyncioExecutor`"
                )
            elif not _can_be_sent(node.callable, pickler):
                problems.append(
                    f"{node.place} can't be pickled and so not be sent to another process; define "
                    "it at the top of a module that can be imported"
                )
        problems += [
            f"adapter `{type(adapter).__name__}` can't be pickled and so not be sent to another "
            "process"
            for adapter in lifecycle.adapters
            if not _can_be_sent(adapter, pickler)
        ]
    if problems:
        raise RequestError(problems)


def refuse_loop(what: str, executor: Executor) -> NoReturn:
    """Refuses what needs the run's event loop and is to be done elsewhere.

    Raises:
        RequestError: always.
    """
    raise RequestError(
        [
            f"{what} is async, or has async hooks around it, and is to be done {executor}, where "
            "this event loop is not; use `AsyncioExecutor`"
        ]
    )


def refuse_unsendable_values(
    values: Iterable[tuple[str, Any]], pickler: str, modules: Iterable[str]
) -> None:
    """Refuses values by name, before anything is sent.

    Raises:
        TypeError: naming the first that can't be sent.
    """
    from stepwell.executors.sending import by_value, unsendable

    with by_value(pickler, modules):
        for name, value in values:
            if not _can_be_sent(value, pickler):
                raise unsendable(f"`{name}`", type(value).__name__)


def _can_be_sent(thing: object, pickler: str) -> bool:
    from stepwell.executors.sending import dumps_of

    try:
        dumps_of(pickler)(thing)
    except Exception:
        return False
    return True


def light(line: Line) -> Line:
    """The line as it travels: without the graph, and without what is worked out here."""
    if line.bundle is not None:
        return line._replace(bundle=replace(line.bundle, plan=light_plan(line.bundle.plan)))
    if line.block is None:
        return line
    return line._replace(block=Block(line.block.source, light_plan(line.block.plan)))


def light_plan(plan: Plan) -> Plan:
    """The plan as it travels."""
    return replace(plan, graph=Graph(()), blocks=None, lines=tuple(map(light, plan.lines)))
