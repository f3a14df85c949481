"""An engine that runs already is used, and left running."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAD = """
import flow
from stepwell import Builder, executors

def pids(engine):
    dr = Builder().with_modules(flow).with_executor(engine).build()
    assert dr.execute(["pids"], {"pages": [*range(50)]})["pids"]
    engine.close()

"""

SCRIPTS = {
    "ray": """
if __name__ == "__main__":
    import ray
    ray.init(num_cpus=1, include_dashboard=False)
    pids(executors.RayExecutor())
    assert ray.get(ray.remote(lambda: 1).remote()) == 1
    print("left running")
""",
    "dask client": """
if __name__ == "__main__":
    from distributed import Client, LocalCluster
    with LocalCluster(n_workers=1, dashboard_address=None) as cluster, Client(cluster) as client:
        pids(executors.DaskExecutor(client))
        assert client.submit(int, 1).result() == 1
    print("left running")
""",
    "dask address": """
if __name__ == "__main__":
    from distributed import Client, LocalCluster
    with LocalCluster(n_workers=1, dashboard_address=None) as cluster:
        pids(executors.DaskExecutor(cluster.scheduler_address))
        with Client(cluster) as client:
            assert client.submit(int, 1).result() == 1
    print("left running")
""",
    "spark": """
if __name__ == "__main__":
    import os, sys
    from pyspark.sql import SparkSession
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    session = builder.config("spark.driver.bindAddress", "127.0.0.1").getOrCreate()
    for engine in (executors.SparkExecutor(), executors.SparkExecutor(session)):
        pids(engine)
    assert session.range(3).count() == 3
    session.stop()
    print("left running")
""",
}


@pytest.mark.slow
@pytest.mark.parametrize("engine", SCRIPTS)
def test_what_runs_already_is_used_and_left_running(engine: str, tmp_path: Path) -> None:
    flow = Path(__file__).with_name("flow.py").read_text("utf-8")
    (tmp_path / "flow.py").write_text(flow, "utf-8")
    (tmp_path / "script.py").write_text(HEAD + SCRIPTS[engine], "utf-8")
    said = subprocess.run(
        [sys.executable, tmp_path / "script.py"], capture_output=True, text=True, timeout=120
    )
    assert said.stdout.splitlines()[-1:] == ["left running"], said.stderr
