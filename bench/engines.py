"""What an item of a fan-out costs on each engine: beside the engine used bare, and Hamilton.

    make bench-engines
    python bench/engines.py ray dask      some engines

Items are trivial, so that only what is around them is measured: wall time, the best of three, on
clusters of this machine with two workers that are started beforehand. Bare is what each engine's
own guide says for many small items: batches of the size that is best here. Hamilton gives every
item to its executor by itself, and its time grows with the square of the items, so it does fewer.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from importlib.util import find_spec
from multiprocessing import get_context
from typing import Any

import engine_steps

from stepwell import Builder
from stepwell.executors import (
    DaskExecutor,
    ProcessesExecutor,
    RayExecutor,
    SparkExecutor,
    ThreadsExecutor,
)

SIZE, FEWER, WORKERS, BATCH = 10_000, 1000, 2, 500
Thing = Callable[[int], list[int]]


def batches(size: int) -> list[range]:
    return [range(first, min(first + BATCH, size)) for first in range(0, size, BATCH)]


def doubles(items: range) -> list[int]:
    return [engine_steps.double(each) for each in items]


def flat(lists: Any) -> list[int]:
    return [each for some in lists for each in some]


def in_threads(size: int) -> list[int]:
    with ThreadPoolExecutor(WORKERS) as pool:
        return flat(pool.map(doubles, batches(size)))


def in_processes(size: int) -> list[int]:
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        return [*pool.map(engine_steps.double, range(size), chunksize=BATCH)]


def on_ray(size: int) -> list[int]:
    import ray

    task = ray.remote(doubles)
    return flat(ray.get([task.remote(some) for some in batches(size)]))


def on_dask(client: Any, size: int) -> list[int]:
    return flat(client.gather(client.map(doubles, batches(size), pure=False)))


def on_spark(session: Any, size: int) -> list[int]:
    spark = session.sparkContext
    return list(spark.parallelize(range(size), WORKERS).map(engine_steps.double).collect())


def with_stepwell(executor: Any) -> Thing:
    dr = Builder().with_modules(engine_steps).with_executor(executor).build()
    return lambda size: dr.execute(["report"], {"size": size})["report"]  # type: ignore[no-any-return]


def with_hamilton(executor: Any) -> Thing:
    import hamilton_steps
    from hamilton import driver

    builder = driver.Builder().enable_dynamic_execution(allow_experimental_mode=True)
    dr = builder.with_modules(hamilton_steps).with_remote_executor(executor).build()
    return lambda size: dr.execute(["report"], inputs={"size": size})["report"]  # type: ignore[no-any-return]


Row = tuple[Thing, Thing, Callable[[], Any] | None]


def threads(_: Any) -> Row:
    def peer() -> Any:
        from hamilton.execution.executors import MultiThreadingExecutor

        return MultiThreadingExecutor(WORKERS)

    return in_threads, with_stepwell(ThreadsExecutor(WORKERS)), peer


def processes(_: Any) -> Row:
    def peer() -> Any:
        from hamilton.execution.executors import MultiProcessingExecutor

        return MultiProcessingExecutor(WORKERS)

    return in_processes, with_stepwell(ProcessesExecutor(WORKERS)), peer


def ray(engine: Any) -> Row:
    def peer() -> Any:
        from hamilton.plugins.h_ray import RayTaskExecutor

        return RayTaskExecutor(skip_init=True)

    return on_ray, with_stepwell(engine), peer


def dask(engine: Any) -> Row:
    from distributed import default_client

    client = default_client()

    def peer() -> Any:
        from hamilton.plugins.h_dask import DaskExecutor as Peer

        return Peer(client=client)

    return partial(on_dask, client), with_stepwell(engine), peer


def spark(engine: Any) -> Row:
    from pyspark.sql import SparkSession

    return partial(on_spark, SparkSession.getActiveSession()), with_stepwell(engine), None


ENGINES: dict[str, tuple[Callable[[], AbstractContextManager[Any]], Callable[[Any], Row]]] = {
    "threads": (nullcontext, threads),
    "processes": (nullcontext, processes),
    "dask": (lambda: DaskExecutor(workers=WORKERS), dask),
    "ray": (lambda: RayExecutor(workers=WORKERS), ray),
    "spark": (lambda: SparkExecutor(workers=WORKERS), spark),
}


def best(thing: Thing, size: int, times: int = 3) -> float:
    """Microseconds an item, the best of some runs."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        assert thing(size) == [2 * number for number in range(size)]
        found.append(time.perf_counter() - began)
    return min(found) / size * 1e6


def rows(wanted: list[str]) -> Iterator[str]:
    for name, (start, make) in ENGINES.items():
        if wanted and name not in wanted:
            continue
        with start() as engine:
            if engine is not None:
                with_stepwell(engine)(10)  # starts the cluster
            bare, ours, peer = make(engine)
            for warm in (bare, ours):
                warm(SIZE)
            said = [f"{best(bare, SIZE):.1f}", f"{best(ours, SIZE):.1f}"]
            if peer is None or find_spec("hamilton") is None:
                said.append("—")
            else:
                said.append(f"{best(with_hamilton(peer()), FEWER, times=1):,.0f}")
            yield f"| {name:9} | " + " | ".join(f"{each:>14}" for each in said) + " |"


def main(wanted: list[str]) -> None:
    print(f"CPython {sys.version.split()[0]}, {os.cpu_count()} cores, {WORKERS} workers\n")
    print(f"| {'engine':9} | {'bare':>14} | {'stepwell':>14} | {'Hamilton':>14} |")
    print(f"|{'-' * 11}|" + f"{'-' * 16}|" * 3)
    for row in rows(wanted):
        print(row, flush=True)
    print(f"\nMicroseconds an item; {SIZE:,} items, with Hamilton {FEWER:,}.")


if __name__ == "__main__":
    main(sys.argv[1:])
