"""Items as tasks on a Ray cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, NamedTuple

from stepwell.executors.base import Batch, Do, Done, Executor
from stepwell.executors.batches import Handle, Lost, Pace, mapped
from stepwell.executors.sending import Came, Order, Parcel, opened, ordered, packed, stopped, worked


class RayExecutor(Executor):
    """Does items as tasks of Ray, on this machine or on a cluster.

    Where Ray runs already (`ray.init(…)`), that is used and left running; with `RAY_ADDRESS` in the
    environment that cluster is joined. Else one is started on this machine, with the first item; it
    ends with `close`, or with the program.

    What is sent is pickled by value where it is of a module that no other process can import
    (`__main__`, a notebook), else by name.

    Args:
        workers: so many batches of items at the same time; without it, one for each CPU there.
        retries: how often the items of a worker that died are done again. 0, as what they paid for
            would be paid for again.
        options: what else `ray.remote` is to know of each task: `{"num_gpus": 1}`.

    Raises:
        MissingExtra: when it is first used, if Ray is not installed.
    """

    pickler: ClassVar[str] = "ray.cloudpickle"

    def __init__(
        self,
        workers: int | None = None,
        *,
        retries: int = 0,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        if workers is not None and workers < 1:
            raise ValueError(f"`workers={workers}` does no item; give 1 or more")
        self.workers, self.retries, self.options = workers, retries, dict(options or {})
        self._is_mine = False

    def __str__(self) -> str:
        return "on Ray" + (f", {self.workers} workers" if self.workers else "")

    def __enter__(self) -> RayExecutor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def require(self) -> None:
        _ray()

    def close(self) -> None:
        """Ends the cluster that was started for this executor, if one was."""
        if self._is_mine:
            _ray().shutdown()
            self._is_mine = False

    def map(self, do: Do, items: Iterator[Any], is_over: Callable[[], bool]) -> Iterator[Done]:
        ray = self._running()
        workers = self.workers or max(int(ray.cluster_resources().get("CPU", 1)), 1)
        sent = ordered(do, self.pickler)
        order = ray.put(sent)
        options = {"max_retries": self.retries, **self.options}
        task = ray.remote(_worked).options(**options)
        over = _Flag(sent.token)

        def submit(batch: Batch) -> Handle:
            return _Given(ray, task.remote(order, packed(batch, do, self.pickler), over))

        return mapped(
            submit,
            items,
            is_over,
            lambda batch, came: opened(do, batch, came),
            over.lower,
            pace=Pace(ahead=workers * 2, worth=0.1, largest=4096),
            name=do.name,
            stop=over.hoist,
        )

    def _running(self) -> Any:
        import os

        ray = _ray()
        if not ray.is_initialized():
            given = {} if os.environ.get("RAY_ADDRESS") else {"num_cpus": self.workers}
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
            ray.init(include_dashboard=False, logging_level="warning", **given)
            self._is_mine = True
        return ray


class _Flag(NamedTuple):
    """Says to all workers that a fan-out is over, by an entry in what the cluster keeps.

    `ray.cancel` is not used: it takes what a task came to know along, and where the task ends at
    that moment Ray ends the program (2.60: "Tried to complete task that was not pending").
    """

    token: str

    @property
    def _key(self) -> str:
        return f"stepwell-over-{self.token}"

    def hoist(self) -> None:
        _kept()._internal_kv_put(self._key, b"1")

    def lower(self) -> None:
        _kept()._internal_kv_del(self._key)

    def is_up(self) -> bool:
        return bool(_kept()._internal_kv_exists(self._key))


class _Given:
    """A batch that Ray has."""

    def __init__(self, ray: Any, ref: Any) -> None:
        self._ray, self._ref = ray, ref

    def result(self) -> Any:
        errors = self._ray.exceptions
        try:
            return self._ray.get(self._ref)
        except errors.RayTaskError:
            raise
        except errors.RayError as error:
            raise Lost(str(error)) from error

    def cancel(self) -> bool:
        return False  # it is told to end by the flag


def _worked(order: Order, parcel: Parcel, over: _Flag) -> Came:
    """In a worker process: a batch that was begun is done, whoever presses Ctrl-C meanwhile."""
    import signal

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        if over.is_up():
            stopped(order.token)
        return worked(order, parcel)
    finally:
        signal.signal(signal.SIGINT, before)


def _kept() -> Any:
    from ray.experimental import internal_kv

    return internal_kv


def _ray() -> Any:
    from stepwell.errors import require

    return require("ray", extra="ray", what="`RayExecutor`")
