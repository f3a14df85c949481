"""The facts of one file, and how they are made from its text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from stepwell.diagnostic import Diagnostic
from stepwell.read.problems import secret, syntax_error
from stepwell.read.source.chunks import Chunk, Places, chunks, known_chunk, normal, quietly
from stepwell.read.source.header import Header, header
from stepwell.read.source.mentions import Site, sites
from stepwell.read.source.moved import moved
from stepwell.read.source.names import Names, Others, environment
from stepwell.read.source.settled import settled
from stepwell.read.source.steps import Facts, functions, read_step
from stepwell.rules.secrets import secrets
from stepwell.spec import Hole, Node, Span


@dataclass(frozen=True, slots=True)
class Module:
    """What is known of a file from its text.

    Args:
        file: its path, as given.
        name: its dotted name.
        nodes: the nodes of its steps, modifiers applied, in the order written.
        problems: what is wrong with the text itself and with its modifiers.
        holes: places from which more names may come than can be read.
        sites: drivers that the file builds, with what they are asked for.
        names: its imports, constants and classes.
        steps: the names of the functions that are steps.
        package: whether it is a package's `__init__`.
        private: its functions that are no steps since their names start with `_`, as nodes.
        uses_modifiers: whether a step carries one of stepwell's decorators, or is a `Stream`.
        borrows: whether the text of functions that a modifier names has a part in its nodes.
        lines: the lines that its top-level statements begin in.
        key: stands for the text, where an index has given this; else empty.
    """

    file: str
    name: str
    nodes: tuple[Node, ...] = ()
    problems: tuple[Diagnostic, ...] = ()
    holes: tuple[Hole, ...] = ()
    sites: tuple[Site, ...] = ()
    names: Names = field(default_factory=lambda: Names("", ""), compare=False)
    steps: frozenset[str] = frozenset()
    package: bool = False
    uses_modifiers: bool = False
    private: tuple[Node, ...] = ()
    borrows: bool = False
    lines: tuple[int, ...] = ()
    _chunks: Mapping[str, Chunk] = field(default_factory=dict, compare=False, repr=False)
    _readings: tuple[_Known, ...] = field(default=(), compare=False, repr=False)
    key: bytes = field(default=b"", compare=False, repr=False)

    def chunks(self, text: str) -> list[Chunk]:
        """The top-level statements of this text; what this reading knows is not parsed again."""
        return [self.chunk(*piece) for piece in self.pieces(text)]

    def pieces(self, text: str) -> list[tuple[int, str]]:
        """Where each of its top-level statements begins, and what it says."""
        lines = normal(text).split("\n")
        ends = (*self.lines[1:], len(lines) + 1)
        return [
            (start, "\n".join(lines[start - 1 : end - 1]))
            for start, end in zip(self.lines, ends, strict=True)
        ]

    def chunk(self, line: int, piece: str) -> Chunk:
        """One of the pieces with its tree."""
        with quietly():
            return known_chunk(line, piece, self._chunks)


@dataclass(frozen=True, slots=True)
class _Known:
    """What chunks said under certain names: a chunk says the same again as long as those hold."""

    around: Mapping[str, object]
    names: Names
    facts: Mapping[str, tuple[Chunk, Facts]]


def parse(
    text: str,
    *,
    file: str = "<text>",
    module: str = "",
    package: bool = False,
    previous: Module | None = None,
    others: Others | None = None,
) -> Module:
    """Reads the text of a file; nothing in it is run, no other file is touched.

    Args:
        text: the file's text.
        file: its path, for spans.
        module: its dotted name.
        package: whether the file is a package's `__init__`.
        previous: what the same file gave before; what did not change is taken from there, and the
            last that was known of a step that is broken now.
        others: gives the `Names` of another module by its dotted name, so that aliases and
            re-exports are followed into it.
    """
    found = chunks(normal(text), previous._chunks if previous is not None else {})
    names = names_of(found, module, package)
    if others is not None:
        names.others = others
    names.file = file
    around = {"file": file, **environment(names)}
    # A file may be read without its neighbours first, and then with them: both are kept.
    earlier = previous._readings if previous is not None else ()
    same = next((each for each in earlier if each.around == around), None)
    if same is not None:
        same.names.others, same.names.functions = names.others, names.functions
        same.names.mutations = None
        names = same.names
    facts = _Reading(file, names, previous, known=same.facts if same is not None else {})
    for chunk in found:
        facts.read(chunk)
    facts.keep_last()
    return Module(
        file,
        module,
        tuple(settled(facts.whole.nodes, found)),
        tuple(facts.whole.problems),
        tuple(facts.whole.holes),
        sites(found, names, file),
        names,
        frozenset(facts.whole.steps),
        package,
        facts.whole.modified,
        tuple(facts.whole.private),
        facts.whole.borrowed,
        tuple([chunk.line for chunk in found]),
        {chunk.text: chunk for chunk in found if chunk.body is not None},
        (_Known(around, names, facts.made), *[each for each in earlier if each is not same][:1]),
    )


class _Reading:
    """The reading of one file, chunk by chunk."""

    def __init__(
        self,
        file: str,
        names: Names,
        previous: Module | None,
        *,
        known: Mapping[str, tuple[Chunk, Facts]],
    ) -> None:
        self.file, self.names, self.previous, self.known = file, names, previous, known
        self.whole = Facts()
        self.made: dict[str, tuple[Chunk, Facts]] = {}
        self.nameless = False

    def read(self, chunk: Chunk) -> None:
        """Adds what a chunk says."""
        if chunk.body is None:
            facts = self._broken(chunk)
            self._secrets(chunk, facts)
            self._add(facts)
            return
        before = self.known.get(chunk.text)
        if before is None:
            facts = Facts()
            places = Places(self.file, chunk)
            for function in functions(chunk.body):
                read_step(function, self.names, places, facts)
            self._secrets(chunk, facts)
        else:
            facts = moved(before[1], chunk.line - before[0].line)
        # What other functions' text has a part in is read anew each time.
        if not facts.borrowed:
            self.made[chunk.text] = (chunk, facts)
        self._add(facts)

    def keep_last(self) -> None:
        """Keeps the last that was known of steps whose very names are broken now."""
        if not self.nameless:
            return
        gone = self.previous.steps - self.whole.steps if self.previous is not None else frozenset()
        if self.previous is None or not gone:
            self.whole.holes.append(Hole("a step is broken here, and its name can't be read"))
            return
        kept = [node for node in self.previous.nodes if node.step in gone]
        self.whole.nodes += [replace(node, stale=True) for node in kept]
        self.whole.steps |= gone

    def _broken(self, chunk: Chunk) -> Facts:
        facts = Facts()
        places = Places(self.file, chunk)
        message, line, column = chunk.error or ("invalid syntax", 1, 1)
        line = min(max(line, 1), len(places.lines))
        facts.problems.append(syntax_error(message, places.at(line, max(column, 1))))
        found = header(chunk.text)
        if found is None:
            if chunk.text.lstrip().startswith(("def", "async", "@", "->")):
                self.nameless = True
            return facts
        step = Facts()
        tolerant = Places(self.file, chunk)
        if found.tree.name == found.name:
            read_step(found.tree, self.names, tolerant, step)
        last = self._last(found)
        facts.steps |= step.steps
        facts.nodes += [replace(node, stale=True) for node in (last or step.nodes)]
        facts.holes += step.holes
        return facts

    def _secrets(self, chunk: Chunk, facts: Facts) -> None:
        for found in secrets(chunk.text):
            line = chunk.line + found.line
            end = found.column + found.length
            facts.problems.append(
                secret(found.what, Span(self.file, line, found.column, line, end))
            )

    def _last(self, found: Header) -> list[Node]:
        if found.whole or self.previous is None:
            return []
        return [node for node in self.previous.nodes if node.step == found.name]

    def _add(self, facts: Facts) -> None:
        self.whole.nodes += facts.nodes
        self.whole.problems += facts.problems
        self.whole.holes += facts.holes
        self.whole.steps |= facts.steps
        self.whole.modified |= facts.modified
        self.whole.private += facts.private
        self.whole.borrowed |= facts.borrowed


def names_of(found: Iterable[Chunk], module: str, package: bool) -> Names:
    """The names of a file, from its chunks; it knows no others yet."""
    home = module if package else module.rpartition(".")[0]
    names = Names(module, home)
    for chunk in found:
        if chunk.body is not None:
            names.add(chunk.body, chunk)
    return names
