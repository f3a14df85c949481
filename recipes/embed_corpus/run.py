"""Embeds a corpus on an engine of your choice: run.py ray --docs FOLDER.

The pipeline is the same on a laptop and on a cluster; the executor is the one line that differs.
Ray, Dask and Spark are extras (`pip install 'stepwell[ray]'`), and start on this machine here.
"""

from argparse import ArgumentParser
from time import perf_counter

import pipeline

from stepwell import Builder, executors

EXECUTORS = {
    "inline": executors.InlineExecutor,
    "threads": lambda: executors.ThreadsExecutor(4),
    "processes": lambda: executors.ProcessesExecutor(4),
    "dask": executors.DaskExecutor,
    "ray": executors.RayExecutor,
    "spark": executors.SparkExecutor,
}


def main() -> None:
    """Embeds the corpus and says how long it took."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("executor", nargs="?", choices=EXECUTORS, default="threads")
    parser.add_argument("--docs", default="", help="a folder; else Python's documentation")
    parser.add_argument("--at-most", type=int, default=2000, help="so many passages")
    asked = parser.parse_args()
    executor = EXECUTORS[asked.executor]()
    driver = Builder().with_modules(pipeline).with_executor(executor).build()
    inputs = {"docs": asked.docs, "at_most": asked.at_most}
    began = perf_counter()
    vectors = driver.execute(["vectors"], inputs)["vectors"]
    took = perf_counter() - began
    size = len(vectors[0]) if vectors else 0
    print(f"{len(vectors):,} vectors of {size} numbers in {took:.1f} s, by {asked.executor}")


if __name__ == "__main__":  # other processes import this file
    main()
