"""Items on their way to another process and back: what is pickled, and what is told if it can't be.

Both ends of it are here, for every executor that sends. Nothing but bytes, texts and numbers goes
over the wire, so the transport has nothing to fail at.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from threading import Lock
from time import perf_counter
from typing import Any, NamedTuple
from uuid import uuid4

from stepwell.executors.base import Batch, Do, Done

Dumps = Callable[[Any], bytes]


class Order(NamedTuple):
    """What does the items of one fan-out, as it travels.

    Args:
        token: names it among all others.
        pickler: the module that pickles.
        paths: where modules are found at home.
        do: what does the items, pickled.
    """

    token: str
    pickler: str
    paths: tuple[str, ...]
    do: bytes


class Parcel(NamedTuple):
    """A batch on its way: all items pickled together, or each by itself where one can't be.

    Args:
        first: the number of the first item.
        items: the list pickled, or one entry an item: pickled, or the class of one that can't be.
    """

    first: int
    items: bytes | list[bytes | str]


class Came(NamedTuple):
    """What comes back of a parcel.

    Args:
        results: the list pickled, or one entry an item: pickled, or `None` where there is none.
        errors: by the item's number, why it failed, pickled.
        news: what else happened there, pickled.
        seconds: how long it took.
    """

    results: bytes | list[bytes | None]
    errors: dict[int, bytes]
    news: bytes
    seconds: float


# At home.


def ordered(do: Do, pickler: str) -> Order:
    """What does the items, ready to be sent."""
    import sys

    with by_value(pickler, do.modules):
        return Order(uuid4().hex, pickler, tuple(sys.path), dumps_of(pickler)(do))


def packed(batch: Batch, do: Do, pickler: str) -> Parcel:
    """The batch as it travels."""
    dumps = dumps_of(pickler)
    with by_value(pickler, do.modules):
        try:
            return Parcel(batch.first, dumps(batch.items))
        except Exception:
            each = [_pickled(item, dumps) or type(item).__name__ for item in batch.items]
            return Parcel(batch.first, each)


def opened(do: Do, batch: Batch, came: Came) -> tuple[Done, float]:
    """What the batch came to, and the seconds it took; what else happened is told to `do`."""
    do.take_news(pickle.loads(came.news))
    errors = {number: pickle.loads(error) for number, error in came.errors.items()}
    if isinstance(came.results, bytes):
        results = pickle.loads(came.results)
    else:
        results = [None if one is None else pickle.loads(one) for one in came.results]
    return Done(batch, results, errors), came.seconds


def dumps_of(pickler: str) -> Dumps:
    """The function of that module that pickles."""
    dumps: Dumps = import_module(pickler).dumps
    return dumps


@contextmanager
def by_value(pickler: str, modules: Iterable[str]) -> Iterator[None]:
    """Within, what is of a module that no other process can import is pickled with its code.

    Plain pickle can't do that; what is of such a module is refused by it.
    """
    import sys

    engine = import_module(pickler)
    register = getattr(engine, "register_pickle_by_value", None)
    mine = []
    if register is not None:
        with _registering:
            known = engine.list_registry_pickle_by_value()
            for name in modules:
                if name in sys.modules and name not in known and not _can_be_found(name):
                    register(sys.modules[name])
                    mine.append(sys.modules[name])
    try:
        yield
    finally:
        for module in mine:
            engine.unregister_pickle_by_value(module)


_registering = Lock()


def _can_be_found(name: str) -> bool:
    """Whether there is a file of that module where modules are looked for."""
    import sys
    from importlib.machinery import PathFinder

    if name == "__main__" or name in sys.builtin_module_names:
        return True  # picklers know what to do with the first
    parent = name.rpartition(".")[0]
    path = None
    if parent:
        path = getattr(sys.modules.get(parent), "__path__", None)
        if path is None or not _can_be_found(parent):
            return False
    return PathFinder.find_spec(name, path) is not None


def unsendable(what: str, kind: str) -> TypeError:
    """The error that says what can't be sent to another process."""
    return TypeError(
        f"{what} is of type `{kind}`, which can't be pickled and so not be sent to or from "
        "another process; make it of plain data, or use `ThreadsExecutor`"
    )


# In a worker process.

KEPT = 8
"""So many fan-outs at most a worker knows at the same time."""

ENDED = 1000
"""Of so many fan-outs at most a worker knows that they are over."""


class _Known:
    """What does the items of one fan-out, and how many batches of it are at work here."""

    def __init__(self, do: Do) -> None:
        self.do, self.at_work = do, 0


_known: dict[str, _Known] = {}
_over: dict[str, None] = {}
_lock = Lock()


def worked(order: Order, parcel: Parcel) -> Came:
    """In a worker process: what the items came to, what else happened, and the seconds it took."""
    began = perf_counter()
    with at_work(order) as do:
        return _worked(order, do, parcel, began)


def _worked(order: Order, do: Do, parcel: Parcel, began: float) -> Came:
    dumps = dumps_of(order.pickler)
    results: list[Any] = []
    errors: dict[int, BaseException] = {}
    for batch in _unpacked(do, parcel, results, errors):
        done = do(batch)
        results += done.results
        errors |= done.errors
    try:
        back: bytes | list[bytes | None] = dumps(results)
    except Exception:
        back = []
        for number, result in enumerate(results, parcel.first):
            one = None if number in errors else _pickled(result, dumps)
            back.append(one)
            if one is None and number not in errors:
                what = f"what is made of item `{do.name(number)}`"
                errors[number] = unsendable(what, type(result).__name__)
    sent = {number: _error_packed(error, dumps) for number, error in errors.items()}
    return Came(back, sent, dumps(do.news()), perf_counter() - began)


def _unpacked(
    do: Do, parcel: Parcel, results: list[Any], errors: dict[int, BaseException]
) -> Iterator[Batch]:
    """The items, in batches that can be done; those that can't be sent have failed already."""
    if isinstance(parcel.items, bytes):
        yield Batch(parcel.first, pickle.loads(parcel.items))
        return
    for number, item in enumerate(parcel.items, parcel.first):
        if isinstance(item, bytes):
            yield Batch(number, [pickle.loads(item)])
        else:
            results.append(None)
            errors[number] = unsendable(f"item `{do.name(number)}`", item)


@contextmanager
def at_work(order: Order) -> Iterator[Do]:
    """In a worker process: what does the items of that fan-out, kept at least as long as this."""
    with _lock:
        entry = _known.get(order.token) or _arrived(order)
        entry.at_work += 1
    try:
        yield entry.do
    finally:
        with _lock:
            entry.at_work -= 1


def _arrived(order: Order) -> _Known:
    import sys

    sys.path += [path for path in order.paths if path not in sys.path]
    do: Do = pickle.loads(order.do)
    do.arrived()
    if order.token in _over:
        do.stop()
    for token in [token for token, entry in _known.items() if not entry.at_work][: -KEPT + 1]:
        _known.pop(token).do.left()
    _known[order.token] = _Known(do)
    return _known[order.token]


def stopped(token: str) -> None:
    """In a worker process: begins no further item of that fan-out, which may not be known yet."""
    with _lock:
        _over[token] = None
        while len(_over) > ENDED:
            del _over[next(iter(_over))]
        if (entry := _known.get(token)) is not None:
            entry.do.stop()


def _pickled(thing: Any, dumps: Dumps) -> bytes | None:
    try:
        return dumps(thing)
    except Exception:
        return None


def _error_packed(error: BaseException, dumps: Dumps) -> bytes:
    """An error pickled, with its traceback as a note; one that can't be is told by another."""
    from traceback import format_exception

    text = "".join(format_exception(error)).rstrip()
    try:
        error.add_note(f"In the worker process:\n{text}")
        sent = dumps(error)
        pickle.loads(sent)
    except Exception:
        told = RuntimeError(f"{type(error).__name__}: {error}")
        told.add_note(f"In the worker process:\n{text}")
        return pickle.dumps(told)
    return sent
