"""Type checkers in the editor: asked when a file is saved, and only where the client wants that."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from stepwell_lsp.judging import setting
from stepwell_lsp.testing import Client

STEPS = """\
from collections.abc import Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")


class Sized(Protocol):
    def size(self) -> int: ...


class Bag:
    def weight(self) -> int:
        return 3


def words(text: str) -> list[str]:
    return text.split()


def first(words: Sequence[T]) -> T:
    return words[0]


def double(first: int) -> int:
    return 2 * first


def bag() -> Bag:
    return Bag()


def volume(bag: Sized) -> int:
    return bag.size()
"""
RUN = (
    "from stepwell import driver\nimport steps_j\n"
    "driver.Driver({}, steps_j).execute(['double', 'volume'], inputs={'text': 'a b'})\n"
)
DOUBLE, VOLUME = 23, 31  # lines, from 0
PROGRESS = {"window": {"workDoneProgress": True}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "steps_j.py").write_text(STEPS, "utf-8")
    (tmp_path / "run.py").write_text(RUN, "utf-8")
    return tmp_path


def lines(*wanted: int):
    """Whether a publication has types that do not fit in these lines, and in no other."""

    def told(params) -> bool:
        found = [each for each in params["diagnostics"] if each["code"] == "SW201"]
        return [each["range"]["start"]["line"] for each in found] == [*wanted]

    return told


def save(client: Client, uri: str, version: int, text: str) -> None:
    """What an editor does: the buffer changes, the file is written, the server hears of it."""
    client.change(uri, version, {"text": text})
    Path(uri.removeprefix("file://")).write_text(text, "utf-8")
    client.notify("textDocument/didSave", {"textDocument": {"uri": uri}})


@pytest.mark.parametrize("checker", ["auto", "ty", "mypy"])
def test_what_a_checker_says_stands_at_the_parameter(folder: Path, checker: str):
    """With both types; it moves with the text, and goes when the text is put right and saved."""
    with Client(folder, options={"types": checker}) as client:
        uri = client.open("steps_j.py")
        found = client.published(uri, lines(DOUBLE, VOLUME))
        double, volume = (one for one in found if one["code"] == "SW201")
        assert double["message"].startswith("`double` takes `first: int`, and `first` makes")
        assert volume["relatedInformation"][0]["message"] == "`bag` makes `Bag` here"
        moved = "# a line more\n" + STEPS
        client.change(uri, 2, {"text": moved})
        client.published(uri, lines(DOUBLE + 1, VOLUME + 1))
        client.change(uri, 3, {"text": moved.replace("first: int", "first: str")})
        client.published(uri, lines(VOLUME + 1))
        save(client, uri, 4, moved.replace("weight", "size"))
        client.published(uri, lines(DOUBLE + 1))


def test_nothing_is_started_unless_it_is_asked_for(folder: Path):
    """And it can be switched on and off while the server runs."""
    with Client(folder) as client:
        uri = client.open("steps_j.py")
        client.published(uri, lines())
        for wanted, told in (("ty", (DOUBLE, VOLUME)), ("off", ())):
            settings = {"settings": {"stepwell": {"types": wanted}}}
            client.notify("workspace/didChangeConfiguration", settings)
            client.published(uri, lines(*told))


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ("pyrefly", "stepwell: pyrefly is not installed; run: pip install pyrefly"),
        ("flake8", "stepwell: the setting `types` is one of off, auto, ty, pyright, "),
    ],
)
def test_a_checker_that_is_not_there_is_told(folder: Path, wanted: str, told: str):
    """Once, as a message; the rules go on."""
    with Client(folder, options={"types": wanted}) as client:
        client.open("steps_j.py")
        heard = client.until(lambda message: message.get("method") == "window/showMessage")
        assert heard["params"]["message"].startswith(told)


def test_a_checker_can_be_stopped(folder: Path):
    """By the person, at the progress that is shown: what it started is ended with it."""
    slow = folder / ".venv" / "bin" / "pyrefly"
    slow.parent.mkdir(parents=True)
    (folder / ".venv" / "pyvenv.cfg").touch()
    slow.write_text(f"#!/bin/sh\necho $$ > '{folder}/started'\nsleep 600\n", "utf-8")
    slow.chmod(0o755)
    with Client(folder, options={"types": "pyrefly"}, capabilities=PROGRESS) as client:
        client.open("steps_j.py")
        begun = client.until(
            lambda message: (
                message.get("method") == "$/progress"
                and "types" in message["params"]["value"].get("title", "")
            )
        )["params"]
        assert begun["value"]["cancellable"]
        assert begun["value"]["title"] == "pyrefly: types along the edges"
        while not (folder / "started").exists() or not (folder / "started").read_text():
            client.request("stepwell/rules")
        client.notify("window/workDoneProgress/cancel", {"token": begun["token"]})
        client.until(
            lambda message: (
                message.get("method") == "$/progress"
                and message["params"]["token"] == begun["token"]
                and message["params"]["value"]["kind"] == "end"
            )
        )
        number = int((folder / "started").read_text())
        assert not _alive(number)


def _alive(number: int) -> bool:
    """Whether a process is still there half a minute after it was told to go."""
    for _ in range(int(30 / 0.01)):
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return False
        time.sleep(0.01)
    return True


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"types": "ty"}, "ty"),
        ({"stepwell": {"types": "auto"}}, "auto"),
        ({"stepwell": None}, None),
        ([], None),
        (None, None),
    ],
)
def test_the_setting_is_found(given: object, found: object):
    """In the options that a server is started with, and in settings by sections."""
    assert setting(given) == found
