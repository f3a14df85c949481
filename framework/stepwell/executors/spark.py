"""Items as jobs on a Spark cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, ClassVar

from stepwell.executors.base import Do, Done, Executor
from stepwell.executors.batches import Lost, Pace, mapped
from stepwell.executors.sending import Came, Parcel, opened, ordered, packed, worked


class SparkExecutor(Executor):
    """Does items as jobs of Spark, on this machine or on a cluster.

    The session that is active is used and left running. Without one, one is started on this
    machine with the first item; it ends with `close`, or with the program. Spark needs Java.

    What is sent is pickled by value where it is of a module that no other process can import
    (`__main__`, a notebook), else by name.

    Args:
        session: a `SparkSession`; without it, the active one.
        workers: so many batches of items at the same time; without it, as many as the session has
            cores (`defaultParallelism`).
        retries: how often the items of a worker that died are done again, in a session that is
            started here. 0, as what they paid for would be paid for again. Other sessions have it
            in their configuration (`spark.task.maxFailures`, 4 tries by default).

    Raises:
        MissingExtra: when it is first used, if PySpark is not installed.
    """

    pickler: ClassVar[str] = "pyspark.cloudpickle"

    def __init__(
        self, session: Any = None, *, workers: int | None = None, retries: int = 0
    ) -> None:
        if workers is not None and workers < 1:
            raise ValueError(f"`workers={workers}` does no item; give 1 or more")
        self.workers, self.retries = workers, retries
        self._session, self._is_mine = session, False

    def __str__(self) -> str:
        return "on Spark" + (f", {self.workers} workers" if self.workers else "")

    def __enter__(self) -> SparkExecutor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def require(self) -> None:
        _sql()

    def close(self) -> None:
        """Ends the session that was started for this executor, if one was."""
        if self._is_mine:
            self._session.stop()
            self._session, self._is_mine = None, False

    def map(self, do: Do, items: Iterator[Any], is_over: Callable[[], bool]) -> Iterator[Done]:
        from concurrent.futures import ThreadPoolExecutor

        spark = self._running().sparkContext
        workers = self.workers or spark.defaultParallelism
        order = spark.broadcast(ordered(do, self.pickler))
        # A thread waits for each job; a batch that no thread has yet is not begun.
        pool = ThreadPoolExecutor(workers, thread_name_prefix="stepwell-spark")

        def job(parcel: Parcel) -> Came:
            from py4j.protocol import Py4JJavaError

            try:
                (came,) = spark.parallelize([parcel], 1).map(partial(_worked, order)).collect()
            except Py4JJavaError as error:
                raise Lost(_cause(str(error.java_exception))) from error
            return Came(*came)

        def leave() -> None:
            pool.shutdown()
            order.unpersist()

        return mapped(
            lambda batch: pool.submit(job, packed(batch, do, self.pickler)),
            items,
            is_over,
            lambda batch, came: opened(do, batch, came),
            leave,
            pace=Pace(ahead=workers * 2, worth=0.5, largest=8192, growth=32),
            name=do.name,
        )

    def _running(self) -> Any:
        import os
        import sys

        sql = _sql()
        if self._session is None:
            self._session = sql.SparkSession.getActiveSession()
        if self._session is None:
            os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
            here = {
                "spark.driver.host": "127.0.0.1",
                "spark.driver.bindAddress": "127.0.0.1",
                "spark.ui.enabled": "false",
                "spark.ui.showConsoleProgress": "false",
                "spark.log.level": "OFF",
            }
            builder = sql.SparkSession.builder.appName("stepwell")
            builder = builder.master(f"local[{self.workers or '*'},{self.retries + 1}]")
            self._session = builder.config(map=here).getOrCreate()
            self._is_mine = True
        return self._session


def _worked(order: Any, parcel: Parcel) -> tuple[Any, ...]:
    """In a worker process: what came of a batch, as a plain tuple."""
    return (*worked(order.value, Parcel(*parcel)),)


def _cause(text: str) -> str:
    """The first lines of what Java tells, without where in Spark it was."""
    lines = [line.strip() for line in text.splitlines()]
    return " ".join(line for line in lines if line and not line.startswith("at "))[:300]


def _sql() -> Any:
    from stepwell.errors import require

    return require("pyspark.sql", extra="spark", what="`SparkExecutor`")
