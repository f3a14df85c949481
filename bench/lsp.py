"""How long the editor waits: edit to diagnostics, answers, start, memory; printed, never asserted.

    python bench/lsp.py                     50, 500 and 2,000 functions in a file
    python bench/lsp.py --functions 500 --edits 40

Each edit brings one error into the middle of the file or takes it out again. `behind` is an edit
until a request sent right after it is answered from the new state; `edit` is an edit until the
publication that shows it, the rest that typing is given (0.1 s) taken off. `CPU` is what the server
spends on such an edit: the figure to compare where other things run beside it.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles

from stepwell_lsp.testing import Client

REST = 100.0
RIGHT, WRONG = "node_{0}: int", "nodde_{0}: int"


def main() -> None:
    """Prints a row for each size of file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--functions", type=int, nargs="*", default=[50, 500, 2000])
    parser.add_argument("--edits", type=int, default=20)
    options = parser.parse_args()
    print("ms: median / min / p95")
    print(
        f"{'functions':>9} {'start':>7} {'first':>7} {'edit':>22} {'behind':>22} "
        f"{'hover':>22} {'burst':>7} {'CPU':>7} {'MB':>5}"
    )
    for count in options.functions:
        with tempfile.TemporaryDirectory() as folder:
            print(row(Path(folder), count, options.edits), flush=True)


def row(folder: Path, count: int, edits: int) -> str:
    """One size, measured in a server of its own."""
    (folder / "flow.py").write_text(source(count), "utf-8")
    (folder / "run.py").write_text(
        f"from stepwell import driver\nimport flow\n\ndr = driver.Driver({{}}, flow)\n"
        f"dr.execute(['node_{count - 1}'], inputs={{'seed': 1}})\n",
        "utf-8",
    )
    begun = time.perf_counter()
    with Client(folder) as client:
        started = time.perf_counter()
        uri = client.open("flow.py")
        client.published(uri, lambda params: params["version"] == 1)
        first = time.perf_counter()
        session = Session(client, uri, source(count), count)
        before = processor(client.process.pid)
        told = [session.edit() - REST for _ in range(edits)]
        spent = (processor(client.process.pid) - before) / edits
        behind = [session.behind() for _ in range(edits)]
        hover = [session.hover() for _ in range(edits)]
        burst = session.burst(24, 0.03) - REST
        megabytes = memory(client.process.pid)
    return (
        f"{count:>9} {(started - begun) * 1e3:>7.0f} {(first - started) * 1e3:>7.0f} "
        f"{spread(told):>22} {spread(behind):>22} {spread(hover):>22} "
        f"{burst:>7.1f} {spent:>7.1f} {megabytes:>5.0f}"
    )


class Session:
    """One open file that is edited back and forth in its middle."""

    def __init__(self, client: Client, uri: str, text: str, count: int) -> None:
        self.client, self.uri = client, uri
        self.version, self.wrong = 1, False
        lines = text.split("\n")
        self.right = RIGHT.format(count // 2 - 1)
        self.bad = WRONG.format(count // 2 - 1)
        self.line = next(n for n, line in enumerate(lines) if f"def node_{count // 2}(" in line)
        self.column = lines[self.line].index(self.right)

    def change(self) -> None:
        """One edit: the error comes, or goes."""
        before, after = (self.bad, self.right) if self.wrong else (self.right, self.bad)
        self.wrong = not self.wrong
        self.version += 1
        start = {"line": self.line, "character": self.column}
        end = {"line": self.line, "character": self.column + len(before)}
        change = {"range": {"start": start, "end": end}, "text": after}
        self.client.change(self.uri, self.version, change)

    def edit(self) -> float:
        """Milliseconds from an edit to the publication of what it did."""
        begun = time.perf_counter()
        self.change()
        self.seen()
        return (time.perf_counter() - begun) * 1e3

    def seen(self) -> None:
        """Waits for the publication of this version, which must tell the truth."""
        version = self.version
        found = self.client.published(self.uri, lambda params: params["version"] == version)
        if bool(found) != self.wrong:
            raise SystemExit(f"wrong diagnostics for version {version}: {found}")

    def behind(self) -> float:
        """Milliseconds from an edit to the answer of a hover that was sent right after it."""
        begun = time.perf_counter()
        self.change()
        self.client.at("textDocument/hover", self.uri, self.line, self.column + 1)
        spent = (time.perf_counter() - begun) * 1e3
        self.seen()
        return spent

    def hover(self) -> float:
        """Milliseconds of a hover when nothing is going on."""
        begun = time.perf_counter()
        self.client.at("textDocument/hover", self.uri, self.line, self.column + 1)
        return (time.perf_counter() - begun) * 1e3

    def burst(self, keys: int, pause: float) -> float:
        """Milliseconds from the last of many edits to the publication of its state."""
        for _ in range(keys - 1):
            self.change()
            time.sleep(pause)
        return self.edit()


def source(count: int) -> str:
    """A module of `count` steps; each reads two earlier ones and an input."""
    steps = ["def node_0(seed: int) -> int:\n    return seed\n"]
    for n in range(1, count):
        far = f", node_{n // 2}: int" if n // 2 != n - 1 else ""
        steps.append(
            f"def node_{n}(node_{n - 1}: int{far}, seed: int) -> int:\n"
            f'    """Step number {n}.\n\n    It adds what came before.\n    """\n'
            f"    total = node_{n - 1}{far.partition(':')[0].replace(',', ' +')}\n"
            f"    total += seed\n    return total\n"
        )
    return "\n\n".join(steps)


def spread(found: list[float]) -> str:
    """Median, least and 95th percentile."""
    high = quantiles(found, n=20)[-1] if len(found) > 1 else found[0]
    return f"{median(found):.1f} / {min(found):.1f} / {high:.1f}"


def processor(process: int) -> float:
    """Milliseconds of processor that a process has used, where the system tells."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) * 1e3 / os.sysconf("SC_CLK_TCK")


def memory(process: int) -> float:
    """Megabytes resident, where the system tells."""
    try:
        status = Path(f"/proc/{process}/status").read_text("ascii")
    except OSError:
        return float("nan")
    return next(int(line.split()[1]) for line in status.splitlines() if "VmRSS" in line) / 1024


if __name__ == "__main__":
    main()
