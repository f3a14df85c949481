"""The program as a whole: its help, its version, `rule` and `lsp`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stepwell import __version__
from stepwell.rules import RULES


@pytest.mark.parametrize("command", ["run", "check", "graph", "rule", "lsp"])
def test_every_command_has_help_with_examples(stepwell, command: str):
    """To copy."""
    code, out, _ = stepwell(command, "--help")
    assert code == 0
    assert f"examples:\n  stepwell {command}" in out
    assert max(map(len, out.splitlines())) <= 100


def test_without_a_command_there_is_help(stepwell):
    """Exit code 2, as nothing was done."""
    code, out, _ = stepwell()
    assert code == 2
    assert "stepwell run pipeline.py" in out


def test_version(stepwell):
    """With Python's."""
    assert stepwell("--version")[1].startswith(f"stepwell {__version__} (Python 3.")


def test_rules_are_explained_by_code_and_name(stepwell):
    """The same page."""
    by_code = stepwell("rule", "sw104")
    assert by_code == stepwell("rule", "cycle")
    assert by_code[0] == 0
    assert by_code[1].startswith("# cycle (SW104, error)\n\n## What it does\n")


def test_all_rules_are_listed(stepwell):
    """A line each."""
    lines = stepwell("rule", "--all")[1].splitlines()
    assert [line.split()[:2] for line in lines] == [[rule.code, rule.name] for rule in RULES]


def test_an_unknown_rule_is_told(stepwell):
    """With the nearest."""
    code, _, err = stepwell("rule", "cycel")
    assert code == 2
    assert "there is no rule `cycel`; did you mean `cycle`?" in err


def test_it_runs_as_a_module_and_survives_a_reader_that_leaves():
    """`python -m stepwell … | head` ends without a traceback."""
    program = subprocess.Popen(
        [sys.executable, "-m", "stepwell", "rule", "--all"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert program.stdout
    assert program.stderr
    program.stdout.close()
    assert program.stderr.read() == b""
    program.stderr.close()
    program.wait()


def test_the_server_starts_and_ends_with_its_editor():
    """An editor that closes the pipe ends it, quietly."""
    done = subprocess.run(
        [sys.executable, "-m", "stepwell", "lsp"], input=b"", capture_output=True, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_console_of_few_letters_is_borne(folder: Path):
    """What it can't show is escaped."""
    done = subprocess.run(
        [sys.executable, "-m", "stepwell", "graph", "flow_c.py"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        check=True,
    )
    assert b"\\u2190 text" in done.stdout


def test_checking_loads_nothing_that_runs():
    """Neither the driver nor a third-party library but networkx, which backs the graph."""
    code = (
        "import sys; from stepwell.cli import main; main(['check', '-q', __file__]);"
        "print(*sorted(name for name in sys.modules if name.startswith('stepwell.')))"
    ).replace("__file__", repr(__file__))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    loaded = done.stdout.split("\n")[-2]
    assert "stepwell.read.source" in loaded
    for absent in ("stepwell.driver", "stepwell.execution", "stepwell.read.runtime"):
        assert absent not in loaded.split()
