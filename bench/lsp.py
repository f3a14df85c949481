"""How long an editor waits for the language server, beside others; printed, never asserted.

    python bench/lsp.py                              ours alone
    python bench/lsp.py --beside .cache/servers      and four others, on the same files
    python bench/lsp.py --sizes 500:2000 --edits 100

A size is the steps of the file that is edited, and those of the whole workspace. Each edit brings
an error into the wiring and another into a body, in the middle of the file, or takes them out
again. Times are in milliseconds: the median, the least, the 95th percentile.

- `start` until `initialize` is answered; `first` then until the findings of the opened file are
  there, with nothing kept on disk, and `warm` with what the first start kept.
- `edit` until a request for the findings is answered from the new state; `moved` the same for a
  line more on top of the file; `burst` from the last of 24 keys, one every 30 ms.
- `rest` is the processor used in a second in which nothing is asked; `MB` the memory at the end.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from statistics import median, quantiles

from editing import (
    ASKS,
    OURS,
    Editor,
    Server,
    Session,
    memory,
    peers,
    processor,
    timed,
    write,
    write_shared,
)

REQUESTS = {
    "hover": "textDocument/hover",
    "definition": "textDocument/definition",
    "completion": "textDocument/completion",
    "callers": "textDocument/prepareCallHierarchy",
}
FEW = {"basedpyright": 8, "hamilton-lsp": 6}  # edits of those that take long
QUIET = 3.0  # seconds of rest before what a server does at rest is measured


def main() -> None:
    """Prints a table for each size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="*", default=["500:2000", "2000:10000"])
    parser.add_argument("--edits", type=int, default=60)
    parser.add_argument("--beside", type=Path, help="where other servers are installed")
    options = parser.parse_args()
    others = peers(options.beside.resolve()) if options.beside else []
    for size in options.sizes:
        inside, total = map(int, size.split(":"))
        print(f"\n{inside:,} steps in the file, {total:,} in the workspace")
        print(f"| server | {' | '.join(COLUMNS)} |\n|{'---|' * (len(COLUMNS) + 1)}")
        for apart in (False, True):
            with tempfile.TemporaryDirectory() as folder:
                write(Path(folder), inside, total, apart=apart)
                shape = "a pipeline for each module" if apart else "one pipeline"
                row(f"stepwell, {shape}", measured(OURS, Path(folder), inside, options.edits))
                for other in others if apart else ():
                    edits = min(options.edits, FEW.get(other.name, options.edits))
                    row(other.name, measured(other, Path(folder), inside, edits))
    shared()


COLUMNS = (
    *("start", "first", "warm", "edit", "moved", "burst", *REQUESTS),
    *("CPU an edit", "rest", "MB"),
)


def row(name: str, found: dict[str, list[float]]) -> None:
    """One line of the table."""
    print(f"| {name} | {' | '.join(spread(found.get(each, [])) for each in COLUMNS)} |", flush=True)


def measured(server: Server, folder: Path, count: int, edits: int) -> dict[str, list[float]]:
    """What one server takes, by column; what it can't do is left out."""
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as cache:
        os.environ["STEPWELL_CACHE_DIR"] = cache
        for column in ("first", "warm"):
            begun = time.perf_counter()
            with Editor(folder, command=server.command, capabilities=ASKS) as client:
                started = time.perf_counter()
                found.setdefault("start", []).append((started - begun) * 1e3)
                session = Session(client, server, "flow.py", count)
                session.known()
                found[column] = [(time.perf_counter() - started) * 1e3]
                if column == "warm":
                    found |= edited(session, edits)
                elif server is OURS:  # what was read is kept once all of it is
                    client.request("workspace/symbol", {"query": "node_0"})
    return found


def edited(session: Session, edits: int) -> dict[str, list[float]]:
    """What editing takes, once all is read."""
    process = session.client.process.pid
    for _ in range(4):
        session.edit()
    time.sleep(QUIET)
    before = processor(process)
    found = {"edit": [session.edit() for _ in range(edits)]}
    found["CPU an edit"] = [(processor(process) - before) / edits]
    if session.server.tells == "pull":
        found["moved"] = [session.move() for _ in range(edits)]
    found["burst"] = [session.burst() for _ in range(3)]
    for name, method in REQUESTS.items():
        with suppress(RuntimeError, TimeoutError):
            found[name] = [session.ask(method) for _ in range(edits)]
    time.sleep(QUIET)
    before = processor(process)
    time.sleep(QUIET)
    found["rest"] = [(processor(process) - before) / QUIET]
    found["MB"] = [memory(process)]
    return found


def shared(modules: int = 200) -> None:
    """References and a rename of a name that one step in each of many modules reads."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as cache:
        os.environ["STEPWELL_CACHE_DIR"] = cache
        write_shared(Path(folder), modules)
        with Editor(Path(folder), capabilities=ASKS) as client:
            uri = client.open("base.py")
            more = {"context": {"includeDeclaration": True}}
            places = client.at("textDocument/references", uri, 0, 5, **more)
            asked = [
                timed(lambda: client.at("textDocument/references", uri, 0, 5, **more))
                for _ in range(20)
            ]
            renamed = [
                timed(lambda: client.at("textDocument/rename", uri, 0, 5, newName="ground"))
                for _ in range(20)
            ]
    print(f"\n{len(places)} places of a name in {modules + 1} modules: ms")
    print(f"references {spread(asked)}; rename {spread(renamed)}")


def spread(found: list[float]) -> str:
    """Median, least and 95th percentile; of a few, as many as they are."""
    if not found:
        return ""
    if len(found) < 3:
        return f"{min(found):.1f}" if found[0] < 10 else f"{min(found):.0f}"
    return f"{median(found):.1f} / {min(found):.1f} / {quantiles(found, n=20)[-1]:.1f}"


if __name__ == "__main__":
    main()
