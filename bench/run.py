"""What a driver costs beside the same functions called by hand. Prints ratios, asserts nothing.

    make bench                 all rows
    python bench/run.py W4 W5  some rows

Both sides of a ratio are measured in turn in one process, CPU time, medians: so a ratio holds on
any machine, and differences of some percent mean nothing.
"""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import Any

import shapes

from stepwell import Collect, Parallelizable, Stream
from stepwell.driver import Builder, Driver
from stepwell.executors import AsyncioExecutor, ThreadsExecutor
from stepwell.lifecycle import NodeExecutionHook, Retry
from stepwell.lifecycle.base import PostNodeExecute, PreNodeExecute
from stepwell.testing import module_of

Row = tuple[str, str, str]
Thing = Callable[[], Any]


def paired(*things: Thing, times: int, rounds: int = 25) -> list[float]:
    """CPU seconds of one call of each, measured in turn."""
    taken: list[list[float]] = [[] for _ in things]
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for thing, seconds in zip(things, taken, strict=True):
                began = time.process_time()
                for _ in range(times):
                    thing()
                seconds.append((time.process_time() - began) / times)
    finally:
        gc.enable()
    return [median(seconds) for seconds in taken]


def warm(thing: Thing) -> Any:
    """Runs it until its plan is hot."""
    for _ in range(150):
        result = thing()
    return result


def executing(shape: shapes.Shape, *adapters: object) -> tuple[Thing, Thing]:
    """The driver's run and the hand-written one; both give the same."""
    dr = Driver({}, shape.module, adapter=adapters)
    by_driver = lambda: dr.execute([shape.target], shape.inputs)
    by_hand = lambda: shape.by_hand(**shape.inputs)
    assert warm(by_driver) == by_hand()
    return by_driver, by_hand


class Count(PreNodeExecute, PostNodeExecute):
    """The smallest hook: counts before and after."""

    def __init__(self) -> None:
        self.count = 0

    def pre_node_execute(self, *, node_: Any) -> None:
        self.count += 1

    def post_node_execute(self, *, node_: Any) -> None:
        self.count += 1


class Watch(NodeExecutionHook):
    """A user's hook, which asks for what most do."""

    def __init__(self) -> None:
        self.count = 0

    def run_before_node_execution(
        self, *, node_name: str, node_kwargs: Any, run_id: str, **future_kwargs: Any
    ) -> None:
        self.count += 1

    def run_after_node_execution(
        self, *, node_name: str, result: Any, error: Any, success: bool, **future_kwargs: Any
    ) -> None:
        self.count += 1


class Clock(NodeExecutionHook):
    """Two time stamps for every node."""

    def __init__(self) -> None:
        self.began, self.took = 0.0, 0.0

    def run_before_node_execution(self, **future_kwargs: Any) -> None:
        self.began = time.perf_counter()

    def run_after_node_execution(self, **future_kwargs: Any) -> None:
        self.took += time.perf_counter() - self.began


def shown(driver: float, hand: float, nodes: int) -> str:
    extra = (driver - hand) / nodes * 1e9
    return (
        f"{driver / hand:.2f}x ({hand * 1e6:.2f} -> {driver * 1e6:.2f} us, {extra:+.0f} ns a node)"
    )


def w1() -> Iterator[Row]:
    for size in (1000, 10_000):
        shape = shapes.chain(size)
        driver, hand = paired(*executing(shape), times=100_000 // size)
        yield f"W1 chain of {size:,}, hot", shown(driver, hand, size), "1.1x" * (size == 1000)
    shape = shapes.chain(1000)
    dr = Driver({}, shape.module)
    dr.explain([shape.target])
    cold: list[float] = []
    for _ in range(20):
        began = time.process_time()
        dr.execute([shape.target], shape.inputs)
        cold.append(time.process_time() - began)
    (hand,) = paired(lambda: shape.by_hand(**shape.inputs), times=20)
    yield "W1 chain of 1,000, not yet hot", shown(median(cold), hand, 1000), "2.6x"


def w2() -> Iterator[Row]:
    driver, hand = paired(*executing(shapes.layered(20, 50)), times=100)
    yield "W2 layered 20 x 50", shown(driver, hand, 1001), "1.1x"


def w4() -> Iterator[Row]:
    shape = shapes.rag()
    for name, adapters, goal in (
        ("W4 RAG of 12 steps", (), "1.25x"),
        ("W4 with Retry", (Retry(),), "1.25x"),
        ("W4 with time stamps and 3 hooks", (Clock(), Count(), Count(), Count()), "4x"),
    ):
        driver, hand = paired(*executing(shape, *adapters), times=1000)
        yield name, shown(driver, hand, 12), goal


async def _many(thing: Callable[[], Awaitable[Any]]) -> float:
    gc.collect()
    began = time.process_time()
    await asyncio.gather(*(thing() for _ in range(100)))
    return (time.process_time() - began) / 100


async def _alone(thing: Callable[[], Awaitable[Any]]) -> float:
    began = time.perf_counter()
    await thing()
    return time.perf_counter() - began


async def _w5() -> list[Row]:
    shape = shapes.rag_async(0.01)
    dr = Driver({}, shape.module)
    by_driver = lambda: dr.aexecute([shape.target], shape.inputs)
    by_hand = lambda: shape.by_hand(**shape.inputs)
    assert await by_driver() == await by_hand()
    for _ in range(3):
        await _many(by_driver)
    many = [(await _many(by_driver), await _many(by_hand)) for _ in range(25)]
    alone = [(await _alone(by_driver), await _alone(by_hand)) for _ in range(15)]
    driver, hand = (median(side) for side in zip(*many, strict=True))
    one, one_by_hand = (median(side) * 1e3 for side in zip(*alone, strict=True))
    cpu = f"{driver / hand:.2f}x ({hand * 1e6:.0f} -> {driver * 1e6:.0f} us CPU a request)"
    return [
        ("W5 async, 100 requests at once", cpu, "1.25x"),
        ("W5 one request", f"{one:.1f} ms ({one_by_hand:.1f} by hand)", "31.5 ms; ideal 30"),
    ]


def w5() -> Iterator[Row]:
    yield from asyncio.run(_w5())


def item(size: int) -> Parallelizable[int]:
    return range(size)


def double(item: int) -> int:
    return item * 2


def doubles(double: Collect[int]) -> list[int]:
    return double


async def awaited(item: int) -> int:
    return item * 2


def all_awaited(awaited: Collect[int]) -> list[int]:
    return awaited


def w6() -> Iterator[Row]:
    size = 10_000
    module = module_of(item, double, doubles)
    by_hand = lambda: [double(each) for each in range(size)]
    makers: dict[str, tuple[Builder, str, str]] = {
        "W6 10,000 items, one by one": (Builder(), "doubles", "1.25x"),
        "W6 with a hook": (Builder().with_adapters(Watch()), "doubles", ""),
        "W6 on 2 threads": (
            Builder().with_executor(ThreadsExecutor(2)),
            "doubles",
            "0.5 us an item",
        ),
        "W6 async steps, 16 at once": (
            Builder().with_executor(AsyncioExecutor(16)),
            "all_awaited",
            "",
        ),
    }
    for name, (builder, target, goal) in makers.items():
        dr = builder.with_modules(module, module_of(awaited, all_awaited)).build()
        run = lambda dr=dr, target=target: dr.execute([target], {"size": size})[target]
        assert run() == by_hand()
        taken, hand = paired(run, by_hand, times=1, rounds=9)
        each = f"{taken / size * 1e6:.2f} us an item, by hand {hand / size * 1e6:.2f}"
        yield name, f"{taken / hand:.2f}x ({each})", goal
    grown = []
    dr = Driver({}, module)
    for count in (100, 10_000, 1_000_000):
        (taken,) = paired(lambda n=count: dr.execute(["doubles"], {"size": n}), times=1, rounds=5)
        grown.append(f"{count:,}: {taken / count * 1e9:.0f} ns")
    yield "W6 growth, an item", ", ".join(grown), "2x at most"


def words(size: int) -> Stream[str]:
    for _ in range(size):
        yield "word "


def read(words: Stream[str]) -> int:
    count = 0
    for _ in words:
        count += 1
    return count


def w7() -> Iterator[Row]:
    size = 10_000
    dr = Driver({}, module_of(words, read))
    hooked = Driver({}, module_of(words, read), adapter=[Watch()])
    inputs = {"size": size}

    def bare() -> None:
        for _ in words(size):
            pass

    def events(driver: Driver) -> None:
        for _ in driver.stream(["words"], inputs):
            pass

    things = {
        "W7 10,000 chunks, whole": lambda: dr.execute(["words"], inputs),
        "W7 read live by a step": lambda: dr.execute(["read"], inputs),
        "W7 as events": lambda: events(dr),
        "W7 as events, with a hook": lambda: events(hooked),
    }
    for thing in things.values():
        warm(thing)
    hand, *found = paired(bare, *things.values(), times=3)
    for name, taken in zip(things, found, strict=True):
        extra = f"{taken / size * 1e9:.0f} ns a chunk, bare {hand / size * 1e9:.0f}"
        yield name, f"{taken / hand:.1f}x ({extra})", "2.2x; 3x with a hook"
    first = []
    for _ in range(50):
        began = time.perf_counter()
        run = dr.stream(["words"], inputs)
        next(run), next(run)
        first.append(time.perf_counter() - began)
    yield "W7 first chunk", f"{median(first) * 1e6:.0f} us after the call", "20 us"


def w8() -> Iterator[Row]:
    import networkx  # noqa: F401 - its import is not what is measured

    for size in (100, 1000, 10_000, 100_000):
        shape = shapes.layered(max(size // 50, 2), 50)
        nodes = max(size // 50, 2) * 50 + 1
        rounds = 5 if size < 100_000 else 1
        taken = []
        for _ in range(rounds):
            gc.collect()
            began = time.process_time()
            Driver({}, shape.module).validate_execution([shape.target], shape.inputs)
            taken.append(time.process_time() - began)
        gc.collect()
        tracemalloc.start()
        dr = Driver({}, shape.module)
        dr.validate_execution([shape.target], shape.inputs)
        kept, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        value = f"{min(taken) / nodes * 1e6:.1f} us and {kept / nodes:,.0f} bytes a node"
        yield f"W8 module to checked plan, {nodes:,} nodes", value, "10 us with networkx"


def w9() -> Iterator[Row]:
    # As installed: compiled once, whatever the environment says of writing bytecode.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for what, code in (
        ("import stepwell", "import stepwell"),
        ("from stepwell import Driver", "from stepwell import Driver"),
        ("import networkx (at the first graph)", "import networkx"),
    ):
        times, modules = [], 0
        for _ in range(9):
            script = (
                "import sys, time; b = len(sys.modules); t = time.process_time()\n"
                f"{code}\n"
                "print(time.process_time() - t, len(sys.modules) - b)"
            )
            said = subprocess.run(
                [sys.executable, "-c", script],
                capture_output=True,
                text=True,
                check=True,
                env=env,
            ).stdout.split()
            times.append(float(said[0]))
            modules = int(said[1])
        value = f"{min(times) * 1e3:.1f} ms CPU, {modules} modules"
        yield f"W9 {what}", value, "25 ms" if "networkx" not in what else ""
    import stepwell

    root = os.path.dirname(stepwell.__file__)
    size = sum(
        os.path.getsize(os.path.join(folder, file))
        for folder, _, files in os.walk(root)
        for file in files
        if not file.endswith(".pyc")
    )
    yield "W9 size of the package", f"{size / 2**20:.2f} MiB, without networkx", "8 MiB with it"


def w10() -> Iterator[Row]:
    shape = shapes.chain(1000)
    for kind in (Count, Watch):
        for count in (0, 1, 3, 10):
            if kind is Watch and not count:
                continue
            driver, hand = paired(*executing(shape, *(kind() for _ in range(count))), times=10)
            each = (driver - hand) / 1000 / max(count, 1) * 1e6
            level = "internal" if kind is Count else "user's"
            name = f"W10 {count} {level} hooks" if count else "W10 no hook"
            yield name, f"{each:.3f} us a node and hook", "0.25 us" if count else "0"


def w11() -> Iterator[Row]:
    names: dict[str, Any] = {"time": time}
    text = "\n".join(
        f"def s{n}(x: int) -> int:\n    time.sleep(0.05)\n    return x" for n in range(8)
    )
    exec(text, names)
    module = module_of(*(names[f"s{n}"] for n in range(8)))
    dr = Builder().with_modules(module).with_threads(8).build()
    targets = [f"s{n}" for n in range(8)]
    wall, cpu = [], []
    for _ in range(11):
        began, used = time.perf_counter(), time.process_time()
        dr.execute(targets, {"x": 1})
        wall.append(time.perf_counter() - began)
        cpu.append(time.process_time() - used)
    hand = []
    with ThreadPoolExecutor(8) as pool:
        for _ in range(11):
            used = time.process_time()
            list(pool.map(names["s0"], range(8)))
            hand.append(time.process_time() - used)
    by_hand = f"{median(hand) / 8 * 1e6:.0f} by hand"
    value = f"{min(wall) * 1e3:.1f} ms, {median(cpu) / 8 * 1e6:.0f} us CPU a node ({by_hand})"
    yield "W11 eight sleeps of 50 ms, 8 threads", value, "51 ms"
    shape = shapes.layered(20, 50)
    dr = Builder().with_modules(shape.module).with_threads(8).build()
    many = []
    for _ in range(11):
        used = time.process_time()
        dr.execute([shape.target], shape.inputs)
        many.append(time.process_time() - used)
    yield (
        "W11 1,001 quick steps, 8 threads",
        f"{median(many) / 1001 * 1e6:.1f} us CPU a node",
        "10 us",
    )


def growth() -> Iterator[Row]:
    each: dict[int, float] = {}
    for size in (100, 1000, 10_000):
        shape = shapes.chain(size)
        driver, _ = paired(*executing(shape), times=max(20_000 // size, 1), rounds=9)
        each[size] = driver / size * 1e9
    value = ", ".join(f"{size:,}: {taken:.0f} ns" for size, taken in each.items())
    yield "growth of a run, a node of a chain", value, "2x at most"
    shape = shapes.chain(100_000)
    dr = Driver({}, shape.module)
    began = time.process_time()
    dr.execute([shape.target], shape.inputs)
    took = time.process_time() - began
    yield "a chain of 100,000, planned and run once", f"{took:.1f} s CPU", "runs"


ROWS = {f.__name__.upper(): f for f in (w1, w2, w4, w5, w6, w7, w8, w9, w10, w11, growth)}


def main(wanted: list[str]) -> None:
    print(f"CPython {sys.version.split()[0]}, {os.cpu_count()} cores\n")
    print(f"| {'row':44} | {'measured':62} | {'goal':22} |")
    print(f"|{'-' * 46}|{'-' * 64}|{'-' * 24}|")
    for name, rows in ROWS.items():
        if wanted and name not in wanted:
            continue
        for row, value, goal in rows():
            print(f"| {row:44} | {value:62} | {goal:22} |", flush=True)


if __name__ == "__main__":
    main([name.upper() for name in sys.argv[1:]])
