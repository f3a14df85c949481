"""Values of a command line."""

import json
import re
from pathlib import Path

import pytest

from stepwell.cli import values
from stepwell.cli.failure import UsageError


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("x=3", 3),
        ("x=hello there", "hello there"),
        ('x="3"', "3"),
        ("x=a=b", "a=b"),
        ("x=", ""),
        ("x=[1, 2]", [1, 2]),
        ("x=null", None),
        ("x={not json", "{not json"),
        ("x=ünï", "ünï"),
    ],
)
def test_json_where_it_is_json(written: str, value: object):
    """Everything else is the text itself."""
    assert values.plain(values.read([written], option="-i")) == {"x": value}


def test_files_give_text_json_or_many(tmp_path: Path):
    """By their ending, and by whether they have a name."""
    (tmp_path / "notes.txt").write_text("5\n", encoding="utf-8")
    (tmp_path / "list.json").write_text("[1]", encoding="utf-8")
    (tmp_path / "all.json").write_text(json.dumps({"a": 1, "b": "two"}), encoding="utf-8")
    pairs = [f"n=@{tmp_path}/notes.txt", f"l=@{tmp_path}/list.json", f"@{tmp_path}/all.json"]
    found = values.plain(values.read([*pairs, "a=3"], option="-i"))
    assert found == {"n": "5\n", "l": [1], "a": 3, "b": "two"}


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("novalue", "-i takes name=value, name=@file or @file.json, not `novalue`"),
        ("=3", "-i takes name=value, name=@file or @file.json, not `=3`"),
        ("a b=3", "not `a b=3`"),
        ("x=@{}/gone.txt", "gone.txt` can't be read: No such file or directory"),
        ("x=@{}/bad.json", "bad.json` is not JSON: Expecting"),
        ("@{}/list.json", "the file holds no JSON object with values by name"),
        ("x=@{}/binary", "binary` can't be read"),
    ],
)
def test_what_can_not_be_read_is_told(written: str, says: str, tmp_path: Path):
    """With the option, the file and the reason."""
    (tmp_path / "bad.json").write_text("{", encoding="utf-8")
    (tmp_path / "list.json").write_text("[]", encoding="utf-8")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match=re.escape(says)):
        values.read([written.format(tmp_path)], option="-i")
