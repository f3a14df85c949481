"""Modules by what is written on a command line."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stepwell.cli.failure import UsageError, UserError
from stepwell.cli.modules import load, module_name


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with a few modules; what is imported of it is forgotten again."""
    for name, text in {
        "flow_a.py": "import helper_a\nvalue = helper_a.value",
        "helper_a.py": "value = 5",
        "types.py": "value = 6",
        "broken_a.py": "1/0",
        "syntax_a.py": "def (",
        "needs_a.py": "import not_there_at_all",
        "package_a/__init__.py": "value = 7",
        "package_a/inner.py": "from . import value",
    }.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    paths, before = list(sys.path), set(sys.modules)
    yield tmp_path
    sys.path[:] = paths
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("written", "name", "value"),
    [
        ("flow_a.py", "flow_a", 5),
        ("package_a/inner.py", "package_a.inner", 7),
        ("package_a", "package_a", 7),
        ("package_a/__init__.py", "package_a", 7),
    ],
)
def test_a_path_is_imported_as_python_would(folder: Path, written: str, name: str, value: int):
    """A file alone finds its neighbours; one in a package has its dotted name."""
    module = load(str(folder / written))
    assert (module.__name__, module.value) == (name, value)
    assert load(str(folder / written)) is module


def test_a_file_called_like_a_library_does_not_replace_it(folder: Path):
    """It gets another name."""
    module = load(str(folder / "types.py"))
    assert module.value == 6
    assert sys.modules["types"] is not module


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("{}/flow_b.py", "flow_b.py` is no file; did you mean `flow_a.py`?"),
        ("{}/nowhere/flow.py", "nowhere/flow.py` is no file"),
        ("{}", "is a folder and no package: name the files in it"),
        ("no_such_module_a", "there is no module `no_such_module_a` here or on sys.path"),
        ("json.nope", "there is no module `json.nope` here or on sys.path"),
    ],
)
def test_what_is_not_there_is_told(folder: Path, written: str, says: str):
    """With the nearest name."""
    with pytest.raises(UsageError, match=re.escape(says)):
        load(written.format(folder))


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("broken_a.py", ZeroDivisionError),
        ("syntax_a.py", SyntaxError),
        ("needs_a.py", ModuleNotFoundError),
    ],
)
def test_a_module_that_raises_raises_its_own(folder: Path, written: str, kind: type):
    """Marked as the user's; it is not left half imported."""
    with pytest.raises(UserError) as caught:
        load(str(folder / written))
    assert isinstance(caught.value.error, kind)
    assert written.removesuffix(".py") not in sys.modules


def test_a_name_starts_at_the_outermost_package(folder: Path):
    """And so does the folder to search."""
    assert module_name(folder / "package_a" / "inner.py") == ("package_a.inner", folder)
    assert module_name(folder / "flow_a.py") == ("flow_a", folder)
