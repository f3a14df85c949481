"""What the rules say of modules that others wrote: each is checked as a pipeline of its own.

    python bench/wild.py [--all] FOLDER…

Every Python file with a public function is taken for a pipeline, however little it means to be one,
and what is found is printed for people to judge. Missing annotations and `**kwargs` are facts; they
are counted, and listed with `--all`. Ends with 1 if a file makes the reader or a rule fail.
"""

from __future__ import annotations

import gc
import sys
import time
from collections import Counter
from pathlib import Path

from stepwell.diagnostic import Diagnostic
from stepwell.read import files
from stepwell.read.pipelines import graph
from stepwell.read.source import parse
from stepwell.rules import check

FACTS = ("SW005", "SW108", "SW203")


def found(file: Path) -> tuple[int, list[Diagnostic]]:
    """How many nodes a file has, and what is said of them."""
    name = files.module_name(file)
    package = file.name == "__init__.py"
    module = parse(files.read_text(file), file=str(file), module=name, package=package)
    return len(module.nodes), check(graph([module])) if module.nodes else []


def main(arguments: list[str]) -> int:
    """Checks them all; 1 if one of them can't be."""
    begun, counts, sizes, failed = time.perf_counter(), Counter[str](), [0, 0], 0
    gc.disable()
    for folder in map(Path, arguments):
        if not folder.exists():
            continue
        # Not `python_files`: it leaves out what is installed, which is just what is wanted here.
        for file in sorted(folder.rglob("*.py")) if folder.is_dir() else [folder]:
            try:
                nodes, diagnostics = found(file)
            except Exception as error:
                failed += 1
                print(f"{file}: {type(error).__name__}: {error}")
                continue
            sizes[0] += nodes > 0
            sizes[1] += nodes
            for one in diagnostics:
                counts[f"{one.code} {one.name} {one.severity}"] += 1
                if one.code not in FACTS or "--all" in arguments:
                    print(one.concise())
        gc.collect()
    took = time.perf_counter() - begun
    print(f"\n{sizes[1]} functions of {sizes[0]} files, {took:.1f} s, {failed} failed")
    for what, count in sorted(counts.items()):
        print(f"{count:7} {what}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
