"""Steps by their text: each function once, whatever nodes it makes; and what decorators retry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from stepwell.graph import Graph
from stepwell.spec import Body, Call, Node

_KEEPS = ("functools.cache", "functools.lru_cache", "functools.wraps")
_OURS = (
    *("stepwell.retry", "stepwell.modifiers.retry", "stepwell.modifiers.retried.retry"),
    *("stepwell.lifecycle.Retry", "stepwell.lifecycle.retry.Retry"),
)
_RETRIES = ("tenacity.retry", "stamina.retry", "backoff.on_exception", "backoff.on_predicate")


class Retries(NamedTuple):
    """What calls a function again: its call, and how often at most, `None` if that's unknown."""

    by: Call
    attempts: int | None
    is_decorator: bool = True


def steps(graph: Graph) -> Iterator[tuple[Node, Body]]:
    """The steps whose text is known and whole, each once."""
    return iter(graph.bodies)


def functions(graph: Graph) -> Iterator[tuple[Node, Body]]:
    """The steps and the private functions beside them."""
    yield from steps(graph)
    yield from ((node, node.body) for node in graph.private if node.body is not None)


def plain(body: Body) -> bool:
    """Whether nothing but stepwell's own decorators, and caches, stands between it and its use."""
    return all(_keeps(each.name) for each in body.decorators)


def retries(body: Body) -> Iterator[Retries]:
    """The foreign decorators that call the function again, the outermost first."""
    for each in body.decorators:
        if each.name in _RETRIES:
            yield Retries(each, _attempts(each))


def outermost(body: Body, graph: Graph) -> Retries | None:
    """The decorator, foreign or not, or else the adapter, that calls the function again."""
    for each in body.decorators:
        if each.name in _RETRIES or each.name in _OURS:
            return Retries(each, _attempts(each))
    for each in graph.adapters:
        if each.name in _OURS and each.keyword("node_filter") is None:
            return Retries(each, _attempts(each), is_decorator=False)
    return None


def only_retried(body: Body) -> bool:
    """Whether retries are the only foreign decorators, so that they wrap the function itself."""
    return all(_keeps(each.name) or each.name in _RETRIES for each in body.decorators)


def _keeps(name: str) -> bool:
    return name.startswith("stepwell.") or name in _KEEPS


def _attempts(call: Call) -> int | None:
    if call.name == "tenacity.retry":
        return _stop(call.keyword("stop"))
    if call.name == "stamina.retry":
        return _whole(call.keyword("attempts", 10))
    if call.name in _OURS:
        return _whole(call.keyword("attempts", next(iter(call.args), 3)))
    return _whole(call.keyword("max_tries"))


def _stop(given: Any) -> int | None:
    """How many attempts the `stop` of tenacity lets through."""
    if not isinstance(given, Call):
        return None
    if given.name == "|":
        found = [each for each in map(_stop, given.args) if each is not None]
        return min(found, default=None)
    if given.name.rpartition(".")[2] != "stop_after_attempt":
        return None
    return _whole(next(iter(given.args), given.keyword("max_attempt_number")))


def _whole(given: Any) -> int | None:
    return given if type(given) is int and given > 0 else None
