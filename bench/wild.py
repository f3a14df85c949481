"""What the rules say of modules that others wrote: each is checked as a pipeline of its own.

    python bench/wild.py FOLDER…

Every Python file with a public function is taken for a pipeline, however little it means to be one,
and each finding is printed. People judge them; only what follows from names alone is expected to be
doubtful there, for these functions were not written to be wired by their names.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

from stepwell.diagnostic import Diagnostic
from stepwell.read import files
from stepwell.read.pipelines import graph
from stepwell.read.source import parse
from stepwell.rules import check


def found(file: Path) -> tuple[int, list[Diagnostic]]:
    """How many nodes a file has, and what is said of them."""
    name = files.module_name(file)
    package = file.name == "__init__.py"
    module = parse(files.read_text(file), file=str(file), module=name, package=package)
    return len(module.nodes), check(graph([module])) if module.nodes else []


def main(folders: list[str]) -> None:
    """Checks them all."""
    begun, counts, sizes = time.perf_counter(), Counter[str](), [0, 0]
    for folder in map(Path, folders):
        # Not `python_files`: it leaves out what is installed, which is just what is wanted here.
        for file in sorted(folder.rglob("*.py")) if folder.is_dir() else [folder]:
            nodes, diagnostics = found(file)
            sizes[0] += nodes > 0
            sizes[1] += nodes
            for one in diagnostics:
                counts[f"{one.code} {one.name} {one.severity}"] += 1
                print(one.concise())
    took = time.perf_counter() - begun
    print(f"\n{sizes[1]} functions of {sizes[0]} files, {took:.1f} s")
    for what, count in sorted(counts.items()):
        print(f"{count:7} {what}")


if __name__ == "__main__":
    main(sys.argv[1:])
