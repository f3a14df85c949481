"""What ends before its time: workers that die and are made again, and a run that is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ENGINES = ("DaskExecutor", "RayExecutor", "SparkExecutor")

AGAIN = """
import flow
from stepwell import Builder, executors


if __name__ == "__main__":
    with executors.{engine}(workers=1, retries=1) as engine:
        dr = Builder().with_modules(flow).with_executor(engine).build()
        inputs = {{"pages": [1, "dies once", 2], "shared": None, "folder": {folder!r}}}
        print(dr.execute(["report"], inputs)["report"])
"""

INTERRUPTED = """
import flow
from stepwell import Builder, executors


if __name__ == "__main__":
    dr = Builder().with_modules(flow).with_executor(executors.{engine}(workers=2)).build()
    inputs = {{"pages": ["takes long"] * 1000, "shared": None, "folder": {folder!r}}}
    dr.execute(["report"], inputs)
"""


def script(text: str, engine: str, folder: Path) -> Path:
    """The script, beside a copy of the pipeline that it imports."""
    flow = Path(__file__).with_name("flow.py").read_text("utf-8")
    (folder / "flow.py").write_text(flow, "utf-8")
    path = folder / "script.py"
    path.write_text(text.format(engine=engine, folder=str(folder)), "utf-8")
    return path


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_items_of_a_worker_that_died_are_done_again_where_asked(
    engine: str, tmp_path: Path
) -> None:
    path = script(AGAIN, engine, tmp_path)
    said = subprocess.run([sys.executable, path], capture_output=True, text=True, timeout=120)
    assert said.stdout.splitlines()[-1:] == ["[1, 'dies once', 2]"], said.stderr


def processes(mark: str) -> list[int]:
    """The processes that have this in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue  # it ended, or is somebody else's
    return found


@pytest.mark.slow
@pytest.mark.parametrize("engine", [*ENGINES, "ProcessesExecutor"])
def test_ctrl_c_leaves_no_process_and_begins_no_item(engine: str, tmp_path: Path) -> None:
    mark = f"STEPWELL_TEST={tmp_path}"
    program = subprocess.Popen(
        [sys.executable, script(INTERRUPTED, engine, tmp_path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "STEPWELL_TEST": str(tmp_path)},
    )
    try:
        until(lambda: len([*tmp_path.glob("*.began")]) >= 4, 30)
        os.killpg(program.pid, signal.SIGINT)  # as a terminal does
        interrupted = time.time_ns()
        _, said = program.communicate(timeout=60)
        assert "KeyboardInterrupt" in said
        began = [int(path.stem) for path in tmp_path.glob("*.began")]
        late = [each for each in began if each > interrupted + 500_000_000]
        assert not late
        until(lambda: not processes(mark), 30)
    finally:
        for pid in processes(mark):
            os.kill(pid, signal.SIGKILL)


def until(holds: object, seconds: float) -> None:
    """Waits until that holds; fails if it does not in so many seconds."""
    end = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < end, "it never came to hold"
        time.sleep(0.05)
