"""What a project's baseline holds is not shown; what is new is."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from stepwell.diagnostic import Diagnostic
from stepwell.read import baseline
from stepwell.spec import Span
from stepwell_lsp.accepted import Accepted
from stepwell_lsp.testing import Client

WRONG = "from stepwell import tag\n@tag(a='b')\ndef a(a: int) -> int:\n    return a\n"
SETTINGS = '[tool.stepwell.check]\nbaseline = "ci/known.json"\n'


def test_what_is_accepted_is_not_shown(tmp_path: Path):
    """Wherever it stands now; the same as often again is new."""
    file = tmp_path / "known.json"
    one = Diagnostic("SW104", "cycle", "`a` needs itself", span=Span(f"{tmp_path}/w.py", 3, 1))
    hint = Diagnostic("SW106", "unused", "nobody", "hint", span=Span(f"{tmp_path}/w.py", 9, 1))
    baseline.write(file, [one])
    moved = Diagnostic(one.code, one.name, one.message, span=Span(f"{tmp_path}/w.py", 7, 1))
    accepted = Accepted()
    for _ in range(2):  # each time as at first
        assert accepted.left([moved, hint, one], file) == (hint, one)
    assert accepted.left([one], None) == (one,)


@pytest.mark.parametrize("text", [None, "{", '{"version": 9}'])
def test_a_baseline_that_can_not_be_read_accepts_nothing(tmp_path: Path, text: str | None):
    """`stepwell check` tells why; an editor shows what is wrong with the code."""
    file = tmp_path / "known.json"
    if text is not None:
        file.write_text(text, "utf-8")
    one = Diagnostic("SW104", "cycle", "`a` needs itself", span=Span("w.py", 3, 1))
    assert Accepted().left([one], file) == (one,)


def test_one_that_has_changed_is_read_again(tmp_path: Path):
    """As when it is written anew on the command line."""
    file = tmp_path / "known.json"
    one = Diagnostic("SW104", "cycle", "`a` needs itself", span=Span(f"{tmp_path}/w.py", 3, 1))
    accepted = Accepted()
    baseline.write(file, [])
    assert accepted.left([one], file) == (one,)
    baseline.write(file, [one])
    os.utime(file, (1, 1))
    assert accepted.left([one], file) == ()


def test_an_editor_leaves_out_what_the_project_accepts(tmp_path: Path):
    """And shows it again when the settings say so no more."""
    (tmp_path / "ci").mkdir()
    row = {"file": "../work.py", "code": "SW104", "message": "`a` needs itself", "count": 1}
    known = {"version": 1, "findings": [row]}
    (tmp_path / "ci" / "known.json").write_text(json.dumps(known), "utf-8")
    (tmp_path / "pyproject.toml").write_text(SETTINGS, "utf-8")
    (tmp_path / "work.py").write_text(WRONG, "utf-8")
    with Client(tmp_path) as client:
        uri = client.open("work.py", WRONG + "\n\ndef b(b: int) -> int:\n    return b\n")
        found = client.published(uri, lambda told: bool(told["diagnostics"]))
        assert [each["message"] for each in found] == ["`b` needs itself"]
        (tmp_path / "pyproject.toml").write_text("", "utf-8")
        event = {"changes": [{"uri": client.uri("pyproject.toml"), "type": 2}]}
        client.notify("workspace/didChangeWatchedFiles", event)
        client.published(uri, lambda told: len(told["diagnostics"]) == 2)
