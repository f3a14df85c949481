"""Asks Hamilton itself whether it gives what is kept, and wires published flows as we do.

`python side_by_side.py HAMILTONS_PYTHON`; prints what differs, and exits with 1 if anything does.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from stepwell.cli.rewriting import rewritten

HERE = Path(__file__).parent
OURS, THEIRS = "stepwell.compat.hamilton", "hamilton"


def asked(python: str, *arguments: str | Path) -> dict[str, Any]:
    """What a script of this folder prints, run by that Python."""
    script, *rest = arguments
    done = subprocess.run(
        [python, str(HERE / script), *map(str, rest)],
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def moved(folder: Path, to: Path) -> None:
    """A copy of the folder's Python files, with their imports changed."""
    for file in folder.rglob("*.py"):
        copy = to / file.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(rewritten(file.read_text(encoding="utf-8")).text, encoding="utf-8")


def published(python: str) -> Path:
    """Where the published flows lie."""
    code = "import hamilton.contrib as c; print(c.__path__[0])"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return Path(done.stdout.split()[-1])


def differing(kept: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """A line for each name that both have and that is not the same."""
    return [
        f"{name}\n    theirs {kept[name]}\n    ours   {found[name]}"
        for name in sorted(kept.keys() & found.keys())
        if kept[name] != found[name]
    ]


def main(python: str) -> int:
    """Asks, compares, prints."""
    kept = json.loads((HERE / "answers.json").read_text(encoding="utf-8"))
    now = asked(python, "answers.py", HERE / "flows")
    wrong = [f"answers.json is not what Hamilton gives: {line}" for line in differing(now, kept)]
    wrong += [f"answers.json lacks `{name}`" for name in sorted(now.keys() - kept.keys())]
    with tempfile.TemporaryDirectory() as folder:
        flows = published(python)
        moved(flows, Path(folder))
        theirs = asked(python, "wiring.py", flows, THEIRS)
        ours = asked(sys.executable, "wiring.py", folder, OURS)
    wrong += differing(theirs, ours)
    for line in wrong:
        print(line)
    both = len(theirs.keys() & ours.keys())
    print(f"{len(now)} cases and {both} published flows compared; {len(wrong)} differ")
    return bool(wrong) or not both


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
