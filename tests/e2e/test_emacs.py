"""Another real editor, Emacs with eglot and without a screen, shows and applies what is said."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from stepwell_lsp.testing import SERVER

EMACS = shutil.which("emacs")
SCRIPT = Path(__file__).with_name("eglot.el")

HEAD = "# 😀\ndef answer({0}: str) -> str:\n"
BODY = '    return f"{{{0}}}" + {0}\n'
FILES = {
    "preparing.py": "def question() -> str:\n    return 'why?'\n",
    "answering.py": (HEAD + BODY).format("questoin"),
    "run.py": (
        "from stepwell import driver\nimport answering\nimport preparing\n\n"
        "dr = driver.Driver({}, preparing, answering)\ndr.execute(['answer'])\n"
    ),
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What Emacs showed: the mark, a rename, a refusal, and the cure that was taken."""
    assert EMACS, "needs Emacs with eglot; run: apt-get install emacs-nox elpa-eglot"
    work = tmp_path_factory.mktemp("work")
    for name, text in FILES.items():
        (work / name).write_text(text, "utf-8")
    out = work.parent / "seen.json"
    environment = {
        **os.environ,
        "STEPWELL_SERVER": "\n".join(SERVER),
        "STEPWELL_FILE": "answering.py",
        "STEPWELL_SEEN": str(out),
        "HOME": str(work.parent),
        "LANG": "C.UTF-8",
    }
    command = [EMACS, "-q", "--batch", "-l", str(SCRIPT)]
    subprocess.run(command, cwd=work, env=environment, timeout=120, check=True, capture_output=True)
    return json.loads(out.read_text("utf-8"))


def test_the_misspelt_parameter_is_marked(seen):
    """With the rule's code."""
    assert "problem" not in seen
    (mark,) = seen["opened"]
    assert mark["word"] == "questoin"
    assert "SW101" in mark["text"]


def test_a_rename_reaches_the_body(seen):
    """Into the f-string, behind an emoji, in the units that Emacs counts."""
    assert seen["renamed"] == (HEAD + BODY).format("questions")


def test_a_rename_that_would_capture_a_name_is_refused(seen):
    """Emacs shows the reason."""
    assert "`question` is the name of another step (preparing.py:1)" in seen["refused"]


def test_the_cure_is_taken(seen):
    """Then nothing is marked, and the parameter leads to its step."""
    assert "Rename to `question`" in seen["offered"]
    assert "Create the step `questions`" in seen["offered"]
    assert seen["mended"] == (HEAD + BODY).format("question")
    assert seen["left"] == []
    assert [Path(place).name for place in seen["definition"]] == ["preparing.py"]
