"""The same pipelines in Hamilton or pipefunc, beside the same functions called by hand.

    make bench-peers

Runs in an environment of its own, which has one of them; knows nothing of stepwell. Every answer is
compared with the hand-written one.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from statistics import median
from typing import Any

import shapes

Thing = Callable[[], Any]


def hamilton(shape: shapes.Shape) -> tuple[Thing, Callable[[], Any]]:
    """A run, and the building of what runs."""
    from hamilton import driver

    sys.modules.setdefault(shape.module.__name__, shape.module)
    build = lambda: driver.Builder().with_modules(shape.module).build()
    dr = build()
    return lambda: dr.execute([shape.target], inputs=shape.inputs), build


def pipefunc(shape: shapes.Shape) -> tuple[Thing, Callable[[], Any]]:
    """A run, and the building of what runs."""
    from pipefunc import PipeFunc, Pipeline

    steps = [
        step
        for name, step in vars(shape.module).items()
        if callable(step) and not name.startswith("_")
    ]
    build = lambda: Pipeline([PipeFunc(step, output_name=step.__name__) for step in steps])
    pipeline = build()
    return lambda: {shape.target: pipeline(shape.target, **shape.inputs)}, build


def paired(thing: Thing, by_hand: Thing, times: int) -> tuple[float, float]:
    """CPU seconds of one call of each, measured in turn; the faster one is called more often."""
    found = []
    for _ in range(9):
        gc.collect()
        began = time.process_time()
        for _ in range(times):
            thing()
        middle = time.process_time()
        for _ in range(times * 20):
            by_hand()
        found.append((middle - began, (time.process_time() - middle) / 20))
    return median(a for a, _ in found) / times, median(b for _, b in found) / times


def main() -> None:
    sys.setrecursionlimit(100_000)  # both walk a chain by recursion
    for name, make in (("hamilton", hamilton), ("pipefunc", pipefunc)):
        if find_spec(name) is None:
            continue
        for row, shape, size, times in (
            ("W1 chain of 300", shapes.chain(300), 300, 3),
            ("W2 layered 6 x 50", shapes.layered(6, 50), 301, 3),
            ("W4 RAG of 12 steps", shapes.rag(), 12, 100),
        ):
            began = time.process_time()
            run, build = make(shape)
            began = time.process_time()
            build()
            built = (time.process_time() - began) / size
            by_hand = lambda shape=shape: shape.by_hand(**shape.inputs)
            assert run() == by_hand(), f"{name} answers otherwise"
            peer, hand = paired(run, by_hand, times)
            print(
                f"| {name:8} | {row:20} | {peer / hand:7.1f}x ({hand * 1e6:.2f} -> "
                f"{peer * 1e6:.1f} us) | built in {built * 1e6:.0f} us a node |",
                flush=True,
            )


if __name__ == "__main__":
    main()
