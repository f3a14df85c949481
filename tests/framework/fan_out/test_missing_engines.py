"""An engine that is not installed is told with the command that installs it, before the run."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import sys
sys.modules[{module!r}] = None  # as if it were not there

from stepwell import Builder, Collect, MissingExtra, Parallelizable, executors
from stepwell.testing import module_of

def page() -> Parallelizable[int]:
    print("ran")
    return [1]

def done(page: int) -> int:
    return page

def report(done: Collect[int]) -> list[int]:
    return done

engine = executors.{engine}()
dr = Builder().with_modules(module_of(page, done, report)).with_executor(engine).build()
try:
    dr.execute(["report"])
except MissingExtra as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("engine", "module", "extra"),
    [
        ("RayExecutor", "ray", "ray"),
        ("DaskExecutor", "distributed", "dask"),
        ("SparkExecutor", "pyspark", "spark"),
    ],
)
def test_what_to_install_is_told(engine: str, module: str, extra: str) -> None:
    script = SCRIPT.format(engine=engine, module=module)
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert said.stdout.startswith(f"`{engine}` needs `"), said.stderr
    assert said.stdout.endswith(f"run: pip install 'stepwell[{extra}]'\n")
