"""A workspace to edit, and an editor without a face that edits it: what `lsp.py` measures with."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from stepwell_lsp.testing import SERVER, Client

PART = 50  # steps in each of the other modules
KEYS, PAUSE = 24, 0.03
ASKS: dict[str, Any] = {"textDocument": {"diagnostic": {}, "callHierarchy": {}, "hover": {}}}


class Server(NamedTuple):
    """A language server: how it is started, and by what it tells that it knows an edit.

    `tells` is `pull` where it is asked for diagnostics, or else a notification of its own.
    """

    name: str
    command: tuple[str, ...]
    tells: str = "pull"


OURS = Server("stepwell", SERVER)


def peers(folder: Path) -> list[Server]:
    """The servers to compare with that are installed here, each in an environment of its own."""

    def at(name: str, program: str) -> str:
        return str(folder / name / "bin" / program)

    found = [
        Server("ruff", (at("ruff", "ruff"), "server")),
        Server("ty", (at("ty", "ty"), "server")),
        Server(
            "basedpyright",
            (
                at("basedpyright", "python"),
                *("-c", "from basedpyright.langserver import main; main()", "--stdio"),
            ),
        ),
        Server(
            "hamilton-lsp", (at("hamilton", "python"), "-m", "hamilton_lsp"), "lsp-view-response"
        ),
    ]
    return [server for server in found if Path(server.command[0]).exists()]


class Editor(Client):
    """A client that answers what servers ask of one."""

    def _note(self, message: dict[str, Any]) -> None:
        if message.get("method") == "workspace/configuration" and "id" in message:
            result: list[object] = [{} for _ in message["params"]["items"]]
            self.heard.append(message)
            self.send({"jsonrpc": "2.0", "id": message["id"], "result": result})
        else:
            super()._note(message)
        del self.heard[:-50]


class Session:
    """One open file that is edited back and forth in its middle."""

    def __init__(self, client: Client, server: Server, name: str, count: int) -> None:
        self.client, self.server = client, server
        text = source(count)
        lines = text.split("\n")
        reads = f"node_{count // 2 - 1}"
        self.parameter, self.use = ("nodde" + reads[4:], reads), ("nodse" + reads[4:], reads)
        self.line = next(n for n, line in enumerate(lines) if f"def node_{count // 2}(" in line)
        self.column = lines[self.line].index(f"{reads}: int")
        self.version, self.wrong, self.moved = 1, False, False
        self.unheard = 1  # states that the server has not told of yet, if it tells of each
        self.uri = client.open(name, text)

    def change(self) -> None:
        """One edit: the errors come, or go: one in the wiring, and one that others see, too."""
        self.unheard += 1
        self.wrong = not self.wrong
        self.version += 1
        self.client.change(
            self.uri,
            self.version,
            *(
                {"range": within(line, column, len(pair[self.wrong])), "text": pair[not self.wrong]}
                for line, column, pair in (
                    (self.line, self.column, self.parameter),
                    (self.line + 5, len("    total = "), self.use),
                )
            ),
        )

    def new_line(self) -> None:
        """A line more, or one less again, on top of the file: every step moves."""
        self.moved = not self.moved
        self.line += 1 if self.moved else -1
        self.version += 1
        end = {"line": 0 if self.moved else 1, "character": 0}
        place = {"start": {"line": 0, "character": 0}, "end": end}
        text = "\n" if self.moved else ""
        self.client.change(self.uri, self.version, {"range": place, "text": text})

    def known(self) -> None:
        """Waits until the server knows the file as it is now; it must tell the truth."""
        if self.server.tells != "pull":
            while self.unheard:  # it tells of each edit, one after the other
                self.client.until(lambda message: message.get("method") == self.server.tells)
                self.unheard -= 1
            return
        document = {"textDocument": {"uri": self.uri}}
        answer = self.client.request("textDocument/diagnostic", document)
        lines = {one["range"]["start"]["line"] for one in answer.get("items", ())}
        if self.wrong is not any(self.line <= line <= self.line + 8 for line in lines):
            raise SystemExit(f"{self.server.name}: wrong diagnostics for version {self.version}")

    def edit(self) -> float:
        """Milliseconds from an edit until its state is known."""
        return timed(self.change, self.known)

    def move(self) -> float:
        """The same for a line more or less on top of the file."""
        return timed(self.new_line, self.known)

    def ask(self, method: str) -> float:
        """Milliseconds of a request about the parameter, when nothing is going on."""
        return timed(lambda: self.client.at(method, self.uri, self.line, self.column + 1))

    def burst(self) -> float:
        """Milliseconds from the last of many quick edits until its state is known."""
        for _ in range(KEYS - 1):
            self.change()
            time.sleep(PAUSE)
        return self.edit()


def within(line: int, column: int, length: int) -> dict[str, Any]:
    """The range of a word."""
    end = {"line": line, "character": column + length}
    return {"start": {"line": line, "character": column}, "end": end}


def timed(*steps: Callable[[], object]) -> float:
    """Milliseconds that these steps take."""
    begun = time.perf_counter()
    for step in steps:
        step()
    return (time.perf_counter() - begun) * 1e3


def write(folder: Path, inside: int, total: int, *, apart: bool) -> None:
    """`flow.py` with `inside` steps, and other modules until there are `total`.

    One driver takes them all; or, where they are `apart`, each has its own.
    """
    modules = {"flow": source(inside)}
    for number in range((total - inside) // PART):
        modules[f"part_{number}"] = source(PART, f"part_{number}_")
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text, "utf-8")
    groups = [[name] for name in modules] if apart else [list(modules)]
    for number, group in enumerate(groups):
        targets = [
            f"node_{inside - 1}" if each == "flow" else f"{each}_{PART - 1}" for each in group
        ]
        (folder / f"run_{number}.py").write_text(
            f"from stepwell import driver\nimport {', '.join(group)}\n\n"
            f"dr = driver.Driver({{}}, {', '.join(group)})\n"
            f"dr.execute({targets}, inputs={{'seed': 1}})\n",
            "utf-8",
        )


def write_shared(folder: Path, modules: int) -> None:
    """One step that a step in each of many modules reads."""
    (folder / "base.py").write_text("def base(seed: int) -> int:\n    return seed\n", "utf-8")
    names = [f"part_{number}" for number in range(modules)]
    for name in names:
        text = (
            source(PART, f"{name}_")
            .replace("(seed: int)", "(base: int)")
            .replace("return seed", "return base")
        )
        (folder / f"{name}.py").write_text(text, "utf-8")
    (folder / "run.py").write_text(
        f"from stepwell import driver\nimport base, {', '.join(names)}\n\n"
        f"dr = driver.Driver({{}}, base, {', '.join(names)})\n"
        f"dr.execute({[f'{name}_{PART - 1}' for name in names]}, inputs={{'seed': 1}})\n",
        "utf-8",
    )


def source(count: int, prefix: str = "node_") -> str:
    """A module of `count` steps; each reads two earlier ones and an input."""
    steps = [f"def {prefix}0(seed: int) -> int:\n    return seed\n"]
    for n in range(1, count):
        far = f", {prefix}{n // 2}: int" if n // 2 != n - 1 else ""
        steps.append(
            f"def {prefix}{n}({prefix}{n - 1}: int{far}, seed: int) -> int:\n"
            f'    """Step number {n}.\n\n    It adds what came before.\n    """\n'
            f"    total = {prefix}{n - 1}{far.partition(':')[0].replace(',', ' +')}\n"
            f"    total += seed\n    return total\n"
        )
    return "\n\n".join(steps)


def processor(process: int) -> float:
    """Milliseconds of processor that a process and its children have used."""
    ticks = 0
    for each in family(process):
        with suppress(OSError):
            stat = Path(f"/proc/{each}/stat").read_text("ascii").rpartition(")")[2].split()
            ticks += int(stat[11]) + int(stat[12])
    return ticks * 1e3 / os.sysconf("SC_CLK_TCK")


def memory(process: int) -> float:
    """Megabytes resident, of a process and its children."""
    kilobytes = 0
    for each in family(process):
        with suppress(OSError):
            lines = Path(f"/proc/{each}/status").read_text("ascii").splitlines()
            kilobytes += sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
    return kilobytes / 1024


def family(process: int) -> Iterator[int]:
    """A process and all below it."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            stat = (folder / "stat").read_text("ascii").rpartition(")")[2].split()
            parents[int(folder.name)] = int(stat[1])
    yield from _below(process, parents)


def _below(process: int, parents: Mapping[int, int]) -> Iterator[int]:
    yield process
    for child, parent in parents.items():
        if parent == process:
            yield from _below(child, parents)
