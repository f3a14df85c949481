"""A real editor, Neovim without a screen, shows what the server says."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from stepwell_lsp.testing import SERVER

NEOVIM = shutil.which("nvim")
SCRIPT = Path(__file__).with_name("neovim.lua")

PREPARE = "def question() -> str:\n    return 'why?'\n"
ANSWER = "# 😀\ndef answer(questoin: str) -> str:\n    return question\n"
RUN = """\
from stepwell import driver
import answering
import preparing

dr = driver.Driver({}, preparing, answering)
dr.execute(["answer"])
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What Neovim showed: the misspelt parameter, then nothing after it is mended, and answers."""
    assert NEOVIM, "needs Neovim; run: apt-get install neovim"
    work = tmp_path_factory.mktemp("work")
    files = {"preparing.py": PREPARE, "answering.py": ANSWER, "run.py": RUN}
    for name, text in files.items():
        (work / name).write_text(text, "utf-8")
    out = work.parent / "seen.json"
    environment = {
        **os.environ,
        "STEPWELL_SERVER": "\n".join(SERVER),
        "STEPWELL_FILE": "answering.py",
        "STEPWELL_RIGHT": "question",
        "STEPWELL_SEEN": str(out),
        "XDG_STATE_HOME": str(work.parent / "state"),
        "XDG_CACHE_HOME": str(work.parent / "cache"),
    }
    command = [NEOVIM, "--headless", "-n", "-u", "NONE", "-i", "NONE", "-S", str(SCRIPT)]
    subprocess.run(command, cwd=work, env=environment, timeout=60, check=True)
    return json.loads(out.read_text("utf-8"))


def test_the_misspelt_parameter_is_marked(seen):
    """Where it is, by which rule, and with what was meant."""
    assert "problem" not in seen
    (found,) = (one for one in seen["opened"] if one["code"] == "SW101")
    assert (found["code"], found["line"], found["column"]) == ("SW101", 1, 11)
    assert "`question`" in found["message"]


def test_the_mark_goes_when_the_name_is_typed_right(seen):
    """The editor's own change, sent as it sends them."""
    assert seen["mended"] == []


def test_the_parameter_leads_to_its_step_in_another_module(seen):
    """Definition, and what hovering says."""
    (place,) = seen["definition"]
    assert place["uri"].endswith("preparing.py")
    assert "def question() -> str" in seen["hover"]["contents"]["value"]
