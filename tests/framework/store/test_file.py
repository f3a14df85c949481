"""A store's file that is not as it should be is told of, by name, and left as it is."""

import gc
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from stepwell import Driver, StoreError
from stepwell.store import Runs, RunStore, store_path
from stepwell.store.file import LAYOUT, MARK
from stepwell.store.place import named, root_of
from stepwell.testing import module_of


def answer() -> int:
    return 1


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with a run in it."""
    path = tmp_path / "runs.db"
    store = RunStore(path)
    Driver({}, module_of(answer), adapter=store).execute(["answer"])
    del store
    gc.collect()  # closes the file
    return path


def newer(path: Path) -> None:
    with sqlite3.connect(path) as base:
        base.execute(f"pragma user_version = {LAYOUT + 1}")
    base.close()


def foreign(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as base:
        base.execute("create table note(text)")
    base.close()


def with_a_view(path: Path) -> None:
    with sqlite3.connect(path) as base:
        base.execute("create view endless as select 1")
    base.close()


def no_database(path: Path) -> None:
    path.write_bytes(b"This is a letter." * 1000)


def zeroed(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:4096] + bytes(len(data) - 4096))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:2000])


def no_permission(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (newer, "newer stepwell"),
        (foreign, "no run store"),
        (with_a_view, "no stepwell has written"),
        (no_database, "no run store"),
        (cut, "runs.db"),
        (no_permission, "runs.db"),
    ],
)
def test_a_file_that_is_something_else_is_refused(
    path: Path, spoil: Callable[[Path], None], said: str
) -> None:
    spoil(path)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(StoreError, match=said) as raised:
        RunStore(path)
    assert str(path) in str(raised.value)
    assert raised.value.path == str(path)
    if path.is_file():
        with pytest.raises(StoreError, match=said):
            Runs(path).latest()
        assert path.read_bytes() == before


def test_damage_is_found_when_it_is_read(path: Path) -> None:
    zeroed(path)
    with pytest.raises(StoreError, match=r"damaged|can't be"):
        Runs(path).run()


@pytest.mark.parametrize("page", range(24))
def test_a_page_of_noise_gives_an_error_or_what_is_right(path: Path, page: int) -> None:
    whole = Runs(path).run()
    data = bytearray(path.read_bytes())
    start = page * len(data) // 24
    data[start : start + 512] = bytes(range(256)) * 2
    path.write_bytes(data[: len(path.read_bytes())])
    try:
        found = Runs(path).run()
    except StoreError:
        return
    assert found is None or (whole is not None and found.run_id == whole.run_id)


@pytest.mark.parametrize("table", ["run", "step", "call", "used"])
def test_what_no_stepwell_would_write_is_told_of(path: Path, table: str) -> None:
    column = {"run": "modules", "step": "started", "call": "told", "used": "usage"}[table]
    with sqlite3.connect(path) as base:
        base.execute("insert into call values (1, 'answer', '[]', '')")
        base.execute("insert into used values (1, 'answer', '{}')")
        base.execute(f"update {table} set {column} = 'x'")
    base.close()
    with pytest.raises(StoreError, match="can't be read"):
        Runs(path).run()


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    path.touch()
    assert Runs(path).latest() == []
    RunStore(path)
    with sqlite3.connect(path) as base:
        assert base.execute("pragma application_id").fetchone() == (MARK,)
    base.close()


def test_reading_writes_nothing_and_lays_nothing_beside_it(path: Path) -> None:
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    assert len(Runs(path).latest()) == 1
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before


def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="file"):
        RunStore(tmp_path / "file" / "runs.db")


def test_a_store_is_beside_the_nearest_pyproject(tmp_path: Path) -> None:
    (tmp_path / "app" / "steps").mkdir(parents=True)
    (tmp_path / "pyproject.toml").touch()
    wanted = tmp_path / ".stepwell" / "runs.db"
    assert store_path(tmp_path / "app" / "steps") == wanted
    assert store_path(tmp_path / "pyproject.toml") == wanted
    assert root_of(wanted) == str(tmp_path.resolve())


def test_without_a_pyproject_it_is_in_the_folder(tmp_path: Path) -> None:
    if not any((parent / "pyproject.toml").exists() for parent in tmp_path.parents):
        assert store_path(tmp_path) == tmp_path / ".stepwell" / "runs.db"


def test_the_environment_names_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEPWELL_STORE", str(tmp_path / "mine.db"))
    assert store_path() == tmp_path / "mine.db"


def test_files_outside_of_the_project_keep_their_paths(tmp_path: Path) -> None:
    root = str(tmp_path / "a")
    assert named(str(tmp_path / "ab" / "x.py"), root) == str((tmp_path / "ab" / "x.py").resolve())


@pytest.mark.parametrize("keep", [0, -1])
def test_keeping_nothing_is_refused(tmp_path: Path, keep: int) -> None:
    with pytest.raises(ValueError, match="keeps no run"):
        RunStore(tmp_path / "runs.db", keep=keep)
