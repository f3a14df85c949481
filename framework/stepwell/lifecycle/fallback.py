"""`Fallback`: what takes the place of a step that failed for good."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from time import time
from typing import Any, NamedTuple, TypeAlias

from stepwell.errors import BadAnswer, BudgetExceeded, Unavailable, told
from stepwell.lifecycle.api import NodeExecutionMethod
from stepwell.lifecycle.current import current, model_instead
from stepwell.lifecycle.filters import NodeFilter, Tags, selects
from stepwell.lifecycle.listening import tell_failed
from stepwell.lifecycle.made import END, as_made, begun, begun_async, is_result
from stepwell.lifecycle.transient import status_of, transient
from stepwell.usage import Failed

Question: TypeAlias = "Callable[[Exception], bool] | type[Exception] | tuple[type[Exception], ...]"

_NOT_GIVEN: Any = ...  # which stays itself when an adapter travels to another process


def elsewhere(error: Exception) -> bool:
    """Whether something else may succeed where a provider, or a budget, has refused.

    True for whatever a provider answers but a good answer, for lost connections, timeouts, and for
    requests that a budget, a rate limit or a breaker kept from leaving. A mistake in a step is
    none of these.

    >>> elsewhere(TimeoutError()), elsewhere(KeyError("context"))
    (True, False)
    """
    refused = isinstance(error, BadAnswer | BudgetExceeded | Unavailable)
    return refused or transient(error) or (status_of(error) or 0) >= 400


@dataclass(frozen=True, slots=True)
class Fell:
    """A step that fell back.

    Args:
        instead: what took its place: `model small`, `step NAME`, or `value`.
        error: what it had failed with, in one line.
    """

    run_id: str
    node: str
    task_id: str | None
    instead: str
    error: str


class _At(NamedTuple):
    run_id: str
    node: str
    task_id: str | None
    kwargs: dict[str, Any]
    call: Callable[[], Any]


class Fallback(NodeExecutionMethod):
    """Puts something else in the place of a step that failed: another model, a function, a value.

    Give it before `Retry`, so that it comes when all attempts have failed. What takes the place
    asks the budget anew, has rows of its own in the ledger, and is priced as what it is. Each time
    is logged as a warning and remembered in `used`. If what takes the place fails too, its error is
    raised, the first one as its cause. A step that yields falls back before its first chunk only.

    Args:
        model: the model, or several to try in turn: the step is called again, and the requests of
            its `metered` clients name that one.
        step: a function that is called with those of the step's arguments that it takes.
        value: a value.
        on: which errors it is for: a question, or classes. Unless told otherwise all that a
            provider, a budget or a timeout causes, and no mistake in a step.
        node_filter: the nodes it is for: a name, several, or a function of name and tags.
        keep: how many are remembered in `used`, the latest.
    """

    def __init__(
        self,
        *,
        model: str | Sequence[str] | None = None,
        step: Callable[..., Any] | None = None,
        value: Any = _NOT_GIVEN,
        on: Question = elsewhere,
        node_filter: NodeFilter = None,
        keep: int = 1000,
    ) -> None:
        given = (model is not None) + (step is not None) + (value is not _NOT_GIVEN)
        if given != 1:
            raise ValueError("`Fallback` takes one of `model`, `step` and `value`; give one")
        self.models = (model,) if isinstance(model, str) else tuple(model or ())
        self.step, self.value = step, value
        self.on, self.node_filter = on, node_filter
        self.used: deque[Fell] = deque(maxlen=keep)

    @property
    def takes_awaitables(self) -> bool:
        """Whether a plain step may be given to it as one that is awaited: not beside a function of
        which nobody knows how long it takes."""
        return self.step is None

    def wants_node(self, *, node_name: str, node_tags: Tags) -> bool:
        own = any(tag.startswith("fallback.") for tag in node_tags)
        return not own and selects(self.node_filter, node_name, node_tags)

    def falls(self, error: Exception) -> bool:
        """Whether an error is one to fall back on."""
        if isinstance(self.on, (type, tuple)):
            return isinstance(error, self.on)
        return bool(self.on(error))

    def run_to_execute_node(
        self,
        *,
        node_name: str,
        node_callable: Callable[..., Any],
        node_kwargs: dict[str, Any],
        run_id: str,
        task_id: str | None,
        **future_kwargs: Any,
    ) -> Any:
        call = partial(node_callable, **node_kwargs)
        at = _At(run_id, node_name, task_id, node_kwargs, call)
        try:
            result = call()
        except Exception as error:
            return self._instead(at, error)
        if is_result(result):
            return result
        return as_made(
            result,
            awaited=partial(self._awaited, at),
            stream=lambda source: begun(source, partial(self._begun, at)),
            async_stream=lambda source: begun_async(source, partial(self._begun_async, at)),
        )

    def recover(
        self,
        *,
        node_name: str,
        node_callable: Callable[..., Any],
        node_kwargs: dict[str, Any],
        run_id: str,
        task_id: str | None,
        error: Exception,
    ) -> Any:
        """What `run_to_execute_node` does once a plain step has failed.

        A plan that runs often calls the step itself and comes here with its error alone.
        """
        again = partial(node_callable, **node_kwargs)
        return self._instead(_At(run_id, node_name, task_id, node_kwargs, again), error)

    def _ways(self, at: _At, error: Exception) -> Ways:
        """What to try, one after another; each failure is sent back.

        Raises:
            Exception: the error, if it is none to fall back on.
        """
        if not self.falls(error):
            raise error
        return self._tried(at, error)

    def _tried(self, at: _At, error: Exception) -> Ways:
        first = error
        for way in self._all_ways(at):
            self._tell(at, way.name, error)
            failure = yield way
            failure.add_note(f"`{at.node}` fell back on {way.name} after {told(first)}")
            failure.__cause__ = failure.__cause__ or error
            error = failure
            if not self.falls(error):
                break
        raise error

    def _all_ways(self, at: _At) -> Iterator[_Way]:
        for model in self.models:
            yield _Way(f"model {model}", at.call, model)
        if self.step is not None:
            name = getattr(self.step, "__name__", "?")
            yield _Way(f"step {name}", partial(self.step, **_taken(self.step, at.kwargs)))
        if self.value is not _NOT_GIVEN:
            yield _Way("value", lambda: self.value)

    def _instead(self, at: _At, error: Exception) -> Any:
        return _first_that_does(self._ways(at, error), lambda way: way.call())

    async def _awaited(self, at: _At, result: Awaitable[Any]) -> Any:
        try:
            return await result
        except Exception as error:
            ways = self._ways(at, error)
            return await _first_that_does_async(ways, lambda way: _now(way.call()))

    def _begun(self, at: _At, error: Exception) -> tuple[Any, Any]:
        def begin(way: _Way) -> tuple[Any, Any]:
            source = _chunks(way.call(), way.model)
            return source, next(source, END)

        return _first_that_does(self._ways(at, error), begin)  # type: ignore[no-any-return]

    async def _begun_async(self, at: _At, error: Exception) -> tuple[Any, Any]:
        async def begin(way: _Way) -> tuple[Any, Any]:
            source = _async_chunks(way.call(), way.model)
            return source, await anext(source, END)

        return await _first_that_does_async(self._ways(at, error), begin)  # type: ignore[no-any-return]

    def _tell(self, at: _At, instead: str, error: Exception) -> None:
        from logging import getLogger

        text = told(error).partition("\n")[0]
        getLogger("stepwell").warning("`%s` falls back on %s: %s", at.node, instead, text)
        self.used.append(Fell(at.run_id, at.node, at.task_id, instead, text))
        now = current.get()
        tell_failed(
            Failed(
                run_id=at.run_id,
                node=at.node,
                task_id=at.task_id,
                attempt=now.attempt if now else 1,
                error=f"{text}; falls back on {instead}",
                error_type=type(error).__name__,
                wait=0.0,
                at=time(),
            )
        )


@contextmanager
def _named(model: str | None) -> Iterator[None]:
    """Within it, requests name that model."""
    token = model_instead.set(model) if model is not None else None
    try:
        yield
    finally:
        if token is not None:
            model_instead.reset(token)


class _Way:
    """One thing to try: what it is, the call, and the model that its requests name."""

    def __init__(self, name: str, call: Callable[[], Any], model: str | None = None) -> None:
        self.name, self.call, self.model = name, call, model


Ways: TypeAlias = Generator[_Way, Exception, None]


def _first_that_does(ways: Ways, do: Callable[[_Way], Any]) -> Any:
    way = next(ways)
    while True:
        try:
            with _named(way.model):
                return do(way)
        except Exception as failure:
            way = ways.send(failure)


async def _first_that_does_async(ways: Ways, do: Callable[[_Way], Awaitable[Any]]) -> Any:
    way = next(ways)
    while True:
        try:
            with _named(way.model):
                return await do(way)
        except Exception as failure:
            way = ways.send(failure)


async def _now(made: Any) -> Any:
    return await made if hasattr(made, "__await__") else made


def _taken(step: Callable[..., Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Those of the arguments that a function takes."""
    from inspect import Parameter, signature

    params = signature(step).parameters.values()
    if any(param.kind is Parameter.VAR_KEYWORD for param in params):
        return kwargs
    return {param.name: kwargs[param.name] for param in params if param.name in kwargs}


def _chunks(made: Any, model: str | None) -> Iterator[Any]:
    """What takes the place of a stream, as chunks: those of another stream, or one that is all."""
    source = made if hasattr(made, "__next__") else iter((made,))
    try:
        while True:
            with _named(model):
                chunk = next(source, END)
            if chunk is END:
                return
            yield chunk
    finally:
        end = getattr(source, "close", None)
        if end is not None:
            end()


async def _async_chunks(made: Any, model: str | None) -> AsyncIterator[Any]:
    if not hasattr(made, "__anext__"):
        for chunk in _chunks(await _now(made), model):
            yield chunk
        return
    try:
        while True:
            with _named(model):
                chunk = await anext(made, END)
            if chunk is END:
                return
            yield chunk
    finally:
        await made.aclose()
