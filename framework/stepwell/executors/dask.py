"""Items as tasks on a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any, ClassVar

from stepwell.executors.base import Batch, Do, Done, Executor
from stepwell.executors.batches import Handle, Lost, Pace, mapped
from stepwell.executors.sending import opened, ordered, packed, stopped, worked

LARGE = 100_000
"""What does the items goes along with each batch, unless it has more bytes than this."""


class DaskExecutor(Executor):
    """Does items as tasks of Dask, on this machine or on a cluster.

    Without a client, a cluster is started on this machine with the first item; it ends with
    `close`, or with the program. The main script keeps its own doings under
    `if __name__ == "__main__":`, as the processes that are started import it.

    What is sent is pickled by value where it is of a module that no other process can import
    (`__main__`, a notebook), else by name. What comes of a batch is taken home as soon as it is
    there, so that a worker that dies later takes none of it along.

    Args:
        client: a `distributed.Client`, or the address of a scheduler: `"tcp://head:8786"`.
        workers: so many processes; with a client, so many batches of items at the same time.
        retries: how often the items of a worker that died are done again, on a cluster that is
            started here. 0, as what they paid for would be paid for again. Other clusters have
            it in their configuration (`distributed.scheduler.allowed-failures`, 3 by default).

    Raises:
        MissingExtra: when it is first used, if Dask is not installed.
    """

    pickler: ClassVar[str] = "cloudpickle"

    def __init__(self, client: Any = None, *, workers: int | None = None, retries: int = 0) -> None:
        if workers is not None and workers < 1:
            raise ValueError(f"`workers={workers}` does no item; give 1 or more")
        self.workers, self.retries = workers, retries
        self._client: Any = client
        self._cluster: Any = None

    def __str__(self) -> str:
        return "on Dask" + (f", {self.workers} workers" if self.workers else "")

    def __enter__(self) -> DaskExecutor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def require(self) -> None:
        _distributed()

    def close(self) -> None:
        """Ends the cluster that was started for this executor, if one was."""
        if self._cluster is not None:
            self._client.close()
            self._cluster.close()
            self._client = self._cluster = None

    def map(self, do: Do, items: Iterator[Any], is_over: Callable[[], bool]) -> Iterator[Done]:
        client = self._connected()
        workers = self.workers or max(sum(client.nthreads().values()), 1)
        order = ordered(do, self.pickler)
        sent: Any = order
        if len(order.do) > LARGE:
            sent = client.scatter(order, hash=False, broadcast=True)
        waiting: list[_Given] = []

        def submit(batch: Batch) -> Handle:
            parcel = packed(batch, do, self.pickler)
            return _Given(client.submit(worked, sent, parcel, pure=False), waiting)

        def stop() -> None:
            # A task that is cancelled takes what it came to know along: it is told to end instead.
            if waiting:
                client.run(stopped, order.token)

        return mapped(
            submit,
            items,
            is_over,
            lambda batch, came: opened(do, batch, came),
            lambda: None,
            pace=Pace(ahead=workers * 2, worth=0.1, largest=4096),
            name=do.name,
            stop=stop,
        )

    def _connected(self) -> Any:
        distributed = _distributed()
        if isinstance(self._client, str):
            self._client = distributed.Client(self._client)
        if self._client is None:
            import dask

            with dask.config.set({"distributed.scheduler.allowed-failures": self.retries}):
                self._cluster = distributed.LocalCluster(
                    n_workers=self.workers, threads_per_worker=1, dashboard_address=None
                )
            self._client = distributed.Client(self._cluster)
        return self._client


class _Given:
    """A batch that Dask has; what comes of it is taken home at once."""

    def __init__(self, future: Any, waiting: list[_Given]) -> None:
        self._home: Future[Any] = Future()
        self._waiting = waiting
        waiting.append(self)
        future.add_done_callback(self._fetch)

    def _fetch(self, future: Any) -> None:
        try:
            self._home.set_result(future.result())
        except BaseException as error:
            self._home.set_exception(error)
        finally:
            self._waiting.remove(self)
            future.release()

    def result(self) -> Any:
        distributed = _distributed()
        gone = (distributed.KilledWorker, distributed.client.FutureCancelledError)
        try:
            return self._home.result()
        except gone as error:
            raise Lost(str(error)) from error

    def cancel(self) -> bool:
        return False  # it is told to end by `stop`


def _distributed() -> Any:
    from stepwell.errors import require

    return require("distributed", extra="dask", what="`DaskExecutor`")
