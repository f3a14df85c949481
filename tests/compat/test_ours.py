"""What Hamilton's side of the comparison can't show: pictures, other adapters, who imports whom."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from stepwell.compat.hamilton import ad_hoc_utils, async_driver, base, driver
from stepwell.compat.hamilton.function_modifiers import load_from
from stepwell.compat.hamilton.io.materialization import to
from stepwell.compat.hamilton.plugins import h_rich, h_threadpool, h_tqdm
from stepwell.errors import GraphError
from stepwell.lifecycle import Retry


def fetched(url: str) -> str:
    return url.upper()


def length(fetched: str, least: int = 0) -> int:
    return max(len(fetched), least)


def dr(*adapters: object) -> driver.Driver:
    module = ad_hoc_utils.create_temporary_module(fetched, length)
    return driver.Builder().with_modules(module).with_adapters(*adapters).build()


def test_pictures_are_written(tmp_path: Path) -> None:
    """A file's name has an ending, or is given one."""
    flow = dr()
    flow.display_all_functions(tmp_path / "all.png", orient="TB", hide_inputs=True)
    flow.visualize_execution(["length"], str(tmp_path / "run"), {}, {"url": "a"})
    flow.display_upstream_of("length", output_file_path=tmp_path / "up.mmd", show_legend=False)
    flow.display_downstream_of("url", output_file_path=tmp_path / "down.mmd")
    flow.visualize_path_between("url", "length", tmp_path / "between.mmd")
    kept = to.memory(id="kept", dependencies=["length"])
    flow.visualize_materialization(kept, output_file_path=tmp_path / "m.mmd", inputs={"url": "a"})
    written = sorted(path.name for path in tmp_path.iterdir())
    assert written == ["all.png", "between.mmd", "down.mmd", "m.mmd", "run.png", "up.mmd"]
    assert (tmp_path / "up.mmd").read_text().startswith("flowchart LR")
    assert "image/svg+xml" in flow._repr_mimebundle_()


@pytest.mark.parametrize(
    "adapter",
    [Retry(2), h_tqdm.ProgressBar(), h_rich.RichProgressBar(), h_threadpool.FutureAdapter(2)],
    ids=lambda adapter: type(adapter).__name__,
)
def test_adapters_of_both_kinds(adapter: object) -> None:
    assert dr(adapter).execute(["length"], inputs={"url": "abc"}) == {"length": 3}


async def test_an_async_driver_saves(tmp_path: Path) -> None:
    """Which Hamilton's can't."""
    module = ad_hoc_utils.create_temporary_module(fetched, length)
    flow = await async_driver.Builder().with_modules(module).build()
    told, found = await flow.materialize(
        to.memory(id="kept", dependencies=["length"]),
        additional_vars=["fetched"],
        inputs={"url": "abc"},
    )
    assert (told, found) == ({"kept": 3}, {"fetched": "ABC"})
    assert await flow.raw_execute(["length"], inputs={"url": "ab"}) == {"length": 2}


def test_errors_are_stepwell_s_too() -> None:
    """With the step and its place."""

    @load_from.json(path="x.json")
    def size(found: int) -> int:
        return found

    with pytest.raises(GraphError, match=r"test_ours\.py:\d+.*nothing called `json` loads a `int`"):
        driver.Builder().with_modules(ad_hoc_utils.create_temporary_module(size)).build()


def test_the_core_never_imports_it() -> None:
    """Not even where everything of it is used."""
    code = (
        "import stepwell, sys\n"
        "for name in stepwell.__all__: getattr(stepwell, name)\n"
        "import stepwell.cli.migrate, stepwell.notebook, stepwell.testing\n"
        "sys.exit(any(name.startswith('stepwell.compat') for name in sys.modules))\n"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_driver_travels(tmp_path: Path) -> None:
    """By the names of its modules."""
    (tmp_path / "flow_that_travels.py").write_text("def a(x: int) -> int:\n    return x + 1\n")
    sys.path.insert(0, str(tmp_path))
    try:
        import flow_that_travels  # type: ignore[import-not-found]

        one = driver.Driver({"y": 1}, flow_that_travels, adapter=base.DefaultAdapter())
        other = pickle.loads(pickle.dumps(one))
        assert other.execute(["a"], inputs={"x": 1}) == {"a": 2}
        assert other.config == {"y": 1}
    finally:
        sys.path.remove(str(tmp_path))
        sys.modules.pop("flow_that_travels", None)
