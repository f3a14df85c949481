"""Which findings count."""

import re
from pathlib import Path

import pytest

from stepwell.cli.failure import UsageError
from stepwell.cli.settings import Settings, known, settings_near
from stepwell.diagnostic import Diagnostic
from stepwell.spec import Span

CYCLE = Diagnostic("SW104", "cycle", "x", span=Span("app/flow.py", 1))


@pytest.mark.parametrize(
    ("settings", "counts"),
    [
        (Settings(), True),
        (Settings(select=("SW1",)), True),
        (Settings(select=("SW2", "SW104")), True),
        (Settings(select=("cycle",)), True),
        (Settings(select=("ALL",)), True),
        (Settings(select=("SW2",)), False),
        (Settings(ignore=("SW104",)), False),
        (Settings(ignore=("SW",)), False),
        (Settings(ignore=("cyc",)), True),
        (Settings(select=("SW104",), ignore=("SW1",)), False),
        (Settings(per_file={"flow.py": ("SW1",)}, root=Path.cwd()), False),
        (Settings(per_file={"app/*": ("cycle",)}, root=Path.cwd()), False),
        (Settings(per_file={"app/*": ("SW2",)}, root=Path.cwd()), True),
        (Settings(per_file={"other/*": ("SW1",)}, root=Path.cwd()), True),
    ],
)
def test_codes_prefixes_and_names(settings: Settings, counts: bool):
    """What is selected counts, less what is ignored."""
    assert settings.counts(CYCLE) is counts


def test_the_command_line_selects_instead_and_ignores_besides():
    """As ruff does."""
    settings = Settings(("SW1",), ("SW104",)).with_options(["SW2"], ["SW201"])
    assert (settings.select, settings.ignore) == (("SW2",), ("SW104", "SW201"))
    assert Settings(("SW1",)).with_options([], []).select == ("SW1",)


def test_the_nearest_file_with_such_settings_is_read(tmp_path: Path):
    """One without them is passed by."""
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "a" / "pyproject.toml").write_text("[project]\nname = 'x'\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(
        "[tool.stepwell.check]\nselect = ['SW1']\nper-file-ignores = { 'x.py' = ['SW104'] }\n",
        encoding="utf-8",
    )
    settings = settings_near(inner)
    assert settings == Settings(("SW1",), (), {"x.py": ("SW104",)}, tmp_path.resolve())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[tool", "can't be read"),
        ("[tool.stepwell.check]\nselct = []", "has no setting `selct`; did you mean `select`?"),
        ("[tool.stepwell.check]\nignore = 'SW1'", "`ignore` is a list of codes"),
        ("[tool.stepwell]\ncheck = 3", "`tool.stepwell.check` is a table"),
        ("[tool.stepwell.check]\nper-file-ignores = []", "is a table of patterns"),
    ],
)
def test_what_is_no_setting_is_told(text: str, says: str, tmp_path: Path):
    """With the file and the nearest name."""
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=re.escape(says)):
        settings_near(tmp_path)


@pytest.mark.parametrize("code", ["SW104", "SW", "cycle", "ALL"])
def test_known_codes(code: str):
    """A code, the beginning of one, a name."""
    assert known([code], [("SW104", "cycle")], where="--select") == (code,)


def test_unknown_codes_are_told():
    """With the nearest."""
    says = "--select: there is no rule `cycel`; did you mean `cycle`?"
    with pytest.raises(UsageError, match=re.escape(says)):
        known(["cycel"], [("SW104", "cycle")], where="--select")
