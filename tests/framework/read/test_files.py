"""Which files are read, how they are decoded, and what their modules are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from stepwell.read.files import module_name, python_files, read_text


def write(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")


def test_what_is_not_the_users_own_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "b/c.py", "b/d.txt", ".venv/x.py", "node_modules/x.py", "b/.x.py")
    write(tmp_path, "myenv/pyvenv.cfg", "myenv/x.py", "build/x.py", "b/__pycache__/x.py")
    found = [path.relative_to(tmp_path).as_posix() for path in python_files([tmp_path])]
    assert found == ["a.py", "b/c.py"]


def test_a_file_that_is_named_is_read_wherever_it_lies(tmp_path: Path) -> None:
    write(tmp_path, ".hidden/x.py", "a.py")
    named = tmp_path / ".hidden" / "x.py"
    assert list(python_files([named, tmp_path, named])) == [named, tmp_path / "a.py"]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("é = 1".encode(), "é = 1"),
        (b"# coding: latin-1\n\xe9 = 1", "# coding: latin-1\né = 1"),
        (b"\xef\xbb\xbfx = 1", "x = 1"),
        (b"\xff = 1", "\ufffd = 1"),
        (b"# coding: unheard\nx = 1", "# coding: unheard\nx = 1"),
        (b"", ""),
    ],
)
def test_a_file_is_decoded_as_it_declares(tmp_path: Path, data: bytes, text: str) -> None:
    path = tmp_path / "f.py"
    path.write_bytes(data)
    assert read_text(path) == text


def test_a_module_is_called_as_its_packages_say(tmp_path: Path) -> None:
    write(tmp_path, "app/__init__.py", "app/sub/__init__.py", "app/sub/x.py", "loose/y.py")
    assert module_name(tmp_path / "app/sub/x.py") == "app.sub.x"
    assert module_name(tmp_path / "app/sub/__init__.py") == "app.sub"
    assert module_name(tmp_path / "loose/y.py") == "y"
    assert module_name(tmp_path / "loose/y.py", tmp_path) == "loose.y"
