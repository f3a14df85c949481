"""The edits that put one name in the place of another, in all that means the same.

Reads trees and gives edits; raises `Refused` where a place can't be edited or another name would be
captured.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from stepwell.diagnostic import Edit
from stepwell.read.pipelines import Finder
from stepwell.read.source import Names
from stepwell.read.source.chunks import Chunk, Places
from stepwell.read.source.names import written
from stepwell.read.source.steps import functions
from stepwell.spec import Span
from stepwell_lsp import scopes
from stepwell_lsp.places import Place, covers
from stepwell_lsp.scopes import Function
from stepwell_lsp.snapshot import Snapshot

_CONFIG = ("when", "when_not", "when_in", "when_not_in")
_CONFIG_HOMES = ("stepwell.config", "stepwell.modifiers.config")
_RUNS = ("execute", "aexecute", "stream", "astream", "validate_execution", "explain")

# Modifiers that name no parameter of their step otherwise than is looked for.
_TELL_NOTHING = frozenset(
    [
        "inject",
        "parameterize",
        "parameterize_sources",
        "tag",
        "tag_outputs",
        "node",
        "output",
        "check_output",
        "check_output_custom",
        "cache",
        "retry",
        "timeout",
        "fallback",
        "extract_fields",
        "extract_columns",
        "unpack_fields",
    ]
)

_Parsed: TypeAlias = tuple[Chunk, Places]


class Refused(Exception):
    """A name that can't be changed; the message is the reason, for the person who asked."""


class Renaming:
    """One name, `old`, becoming `new`, over all places that mean it."""

    def __init__(self, snapshot: Snapshot, old: str, new: str) -> None:
        self.old, self.new = old, new
        self._snapshot = snapshot
        self._edits: dict[Span, str] = {}
        self._pieces: dict[str, list[tuple[int, str]]] = {}
        self._parsed: dict[tuple[str, int], _Parsed] = {}
        self._functions: list[tuple[str, str]] = []  # (file, name) of global names that change
        self._templates: dict[tuple[str, str], dict[Span, Span]] = {}  # uses and keywords
        self._meant: set[Span] = set()  # every place of the name

    def edits(self, places: Iterable[Place], *, conditional: Iterable[str]) -> list[Edit]:
        """All edits.

        Args:
            places: every place that means the name.
            conditional: the files whose steps may exist under a config key of that name.

        Raises:
            Refused: if the name can't be changed.
        """
        by_file: dict[str, set[Span]] = {}
        for place in places:
            if place.role != "placeholder":
                by_file.setdefault(place.span.file, set()).add(place.span)
                self._meant.add(place.span)
        try:
            for file, spans in by_file.items():
                self._steps(file, spans)
                for span in spans - self._edits.keys():
                    self._plain(span)
            for file in by_file:
                self._constants(file)
            for file in conditional:
                self._conditions(file)
            self._globals()
            self._shared_templates()
        except scopes.Unclear as unclear:
            raise Refused(f"`{self.old}` can't be renamed: {unclear}") from None
        except RecursionError:
            raise Refused("a step is nested too deeply to be read") from None
        return [Edit(span, text) for span, text in sorted(self._edits.items())]

    def parameter(self, span: Span) -> list[Edit]:
        """The edits for one parameter alone, written at this span: it reads another node then.

        Raises:
            Refused: if that would capture another name, or can't be told.
        """
        try:
            self._steps(span.file, {span})
        except (scopes.Unclear, RecursionError) as unclear:
            raise Refused(str(unclear)) from None
        return [Edit(where, text) for where, text in sorted(self._edits.items())]

    def _chunks(self, file: str, word: str) -> Iterator[_Parsed]:
        """The statements of a file that hold a word."""
        module = self._snapshot.modules.get(file)
        if module is None:
            return
        if file not in self._pieces:
            self._pieces[file] = module.pieces(self._snapshot.text(file).source)
        for line, piece in self._pieces[file]:
            if word in piece:
                if (file, line) not in self._parsed:
                    chunk = module.chunk(line, piece)
                    self._parsed[file, line] = chunk, Places(file, chunk)
                yield self._parsed[file, line]

    def _plain(self, span: Span) -> None:
        """A name that stands alone: in a string, or behind a keyword."""
        if text_at(self._snapshot, span) != self.old:
            raise Refused(
                f"`{self.old}` is not written as such at {place_of(span)}; change it there by hand"
            )
        self._edits[span] = self.new

    def _steps(self, file: str, spans: set[Span]) -> None:
        """The functions that are named so, or take a parameter of that name."""
        for chunk, places in self._chunks(file, self.old):
            if chunk.body is None:
                first, last = chunk.line, chunk.line + chunk.text.count("\n")
                if any(first <= span.line <= last for span in spans):
                    raise Refused(f"{place_of(Span(file, first))} can't be read now; mend it first")
                continue
            for function in functions(chunk.body):
                if scopes.definition(function, places) in spans:
                    self._defined(file, function, places)
                for given in scopes.parameters(function):
                    if given.arg == self.old and places.word(given, self.old) in spans:
                        self._parameter(file, function, given, places)

    def _defined(self, file: str, function: Function, places: Places) -> None:
        bare, end = function.name[: len(self.old)], function.name[len(self.old) :]
        if bare != self.old or (end and not end.startswith("__")):
            where = place_of(scopes.definition(function, places))
            raise Refused(f"`{self.old}` is named by a constant of `{function.name}` at {where}")
        self._edits[scopes.definition(function, places)] = self.new + end
        self._functions.append((file, function.name))

    def _parameter(self, file: str, function: Function, given: ast.arg, places: Places) -> None:
        """A parameter, and all that means it: its uses, modifiers, prompts, keywords of calls."""
        self._not_captured(function, [function.args, *function.body], self.new, places)
        self._edits[places.word(given, self.old)] = self.new
        for span in scopes.uses(function, self.old, places):
            self._edits[span] = self.new
        for decorator in function.decorator_list:
            self._decorator(file, function, decorator, places)
        self._prompts(file, function, places)
        for chunk, others in self._chunks(file, f"{function.name}("):
            # Calls in the function itself are among its uses.
            if chunk.body and self.old in chunk.text and chunk is not places.chunk:
                for span in scopes.keywords(chunk.body, function.name, self.old, others):
                    self._edits[span] = self.new

    def _not_captured(
        self, function: Function, trees: Iterable[ast.AST], new: str, places: Places
    ) -> None:
        if new in places.chunk.text and any(scopes.named(tree, new) for tree in trees):
            where = place_of(scopes.definition(function, places))
            raise Refused(f"`{function.name}` ({where}) uses the name `{new}` for something else")

    def _decorator(
        self, file: str, function: Function, decorator: ast.expr, places: Places
    ) -> None:
        """`inject(old=…)` and `parameterize(x={"old": …})` name the parameter as well."""
        if not isinstance(decorator, ast.Call):
            return
        known = self._snapshot.modules[file].names.canonical(written(decorator.func) or "") or ""
        home, _, maker = known.rpartition(".")
        if home.partition(".")[0] != "stepwell" or home.endswith(".config"):
            return
        for keyword in decorator.keywords:
            if maker == "inject" and keyword.arg == self.old:
                self._edits[places.word(keyword, self.old)] = self.new
            if maker in ("inject", "parameterize") and keyword.arg is None:
                raise Refused(f"`@{maker}` on `{function.name}` takes what it is given from afar")
            if maker in ("parameterize", "parameterize_sources"):
                self._wiring(function, keyword.value, places)
        if maker not in _TELL_NOTHING:
            self._other_modifier(function, decorator, maker, places)

    def _other_modifier(
        self, function: Function, decorator: ast.Call, maker: str, places: Places
    ) -> None:
        """`parameterize_values("old", …)` and `pipe_input(…, on_input="old")`; others may too."""
        given = {keyword.arg: keyword.value for keyword in decorator.keywords}
        first = decorator.args[0] if maker == "parameterize_values" and decorator.args else None
        for named in (first, given.get("parameter"), given.get("on_input")):
            for each in ast.walk(named) if named else ():
                if isinstance(each, ast.Constant) and each.value == self.old:
                    self._edits[places.word(each, self.old)] = self.new
        strings = (each for each in ast.walk(decorator) if isinstance(each, ast.Constant))
        for tree in (*strings, *decorator.keywords):
            match tree:
                case ast.Constant(value=self.old) | ast.keyword(arg=self.old):
                    span = places.word(tree, self.old)
                    if span not in self._meant and span not in self._edits:
                        raise Refused(
                            f"`@{maker}` on `{function.name}` may name the parameter `{self.old}`; "
                            "rename it by hand"
                        )

    def _wiring(self, function: Function, given: ast.expr, places: Places) -> None:
        wiring = given.elts[0] if isinstance(given, ast.Tuple) and given.elts else given
        if not isinstance(wiring, ast.Dict):
            raise Refused(f"`@parameterize` on `{function.name}` takes what it is given from afar")
        for key in wiring.keys:
            match key:
                case ast.Constant(value=self.old):
                    self._edits[places.word(key, self.old)] = self.new
        if isinstance(given, ast.Tuple):
            for doc in given.elts[1:]:
                for span in placeholders(doc, self.old, places):
                    self._edits[span] = self.new

    def _prompts(self, file: str, function: Function, places: Places) -> None:
        """`"… {old} …".format(old=old)`: the placeholder and its keyword go along."""
        for call in ast.walk(function) if ".format" in places.chunk.text else ():
            match call:
                case ast.Call(func=ast.Attribute(value=template, attr="format")):
                    pass
                case _:
                    continue
            for keyword in call.keywords:
                match keyword:
                    case ast.keyword(arg=self.old, value=ast.Name(id=self.old)):
                        self._prompt(file, template, places.word(keyword, self.old), places)

    def _prompt(self, file: str, template: ast.expr, keyword: Span, places: Places) -> None:
        if isinstance(template, ast.Constant):
            found = list(placeholders(template, self.old, places))
            if found:
                self._edits |= dict.fromkeys([keyword, *found], self.new)
        elif isinstance(template, ast.Name):
            uses = self._templates.setdefault((file, template.id), {})
            uses[places.span(template)] = keyword

    def _shared_templates(self) -> None:
        """Templates of module level: where every use of one changes, it changes; else it stays."""
        for (file, name), known in self._templates.items():
            others = (text for f, text in self._snapshot.texts.items() if f != file)
            if any(name in text.source for text in others):
                continue
            uses: set[Span] = set()
            found: list[Span] = []
            for chunk, places in self._chunks(file, name):
                uses |= set(scopes.free(chunk.body or (), name, places))
                for statement in chunk.body or ():
                    match statement:
                        case ast.Assign(targets=[ast.Name(id=target) as made], value=text) if (
                            target == name
                        ):
                            uses.discard(places.span(made))
                            found += placeholders(text, self.old, places)
            if uses == known.keys() and found:
                self._edits |= dict.fromkeys([*known.values(), *found], self.new)

    def _constants(self, file: str) -> None:
        """Names in a list or dict of module level that a driver of this file is asked with."""
        module = self._snapshot.modules.get(file)
        asked = (
            [m for site in module.sites for r in site.requests for m in r.targets or ()]
            if (module)
            else []
        )
        if not any(mention.name == self.old and mention.span is None for mention in asked):
            return
        meant: set[str] = set()
        for chunk, _ in self._chunks(file, "."):
            for call in (each for tree in chunk.body or () for each in ast.walk(tree)):
                match call:
                    case ast.Call(func=ast.Attribute(attr=method)) if method in _RUNS:
                        given = [*call.args, *(keyword.value for keyword in call.keywords)]
                        meant |= {each.id for each in given if isinstance(each, ast.Name)}
        for chunk, places in self._chunks(file, self.old):
            for statement in chunk.body or ():
                match statement:
                    case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in meant:
                        for each in ast.walk(value):
                            if isinstance(each, ast.Constant) and each.value == self.old:
                                self._edits[places.word(each, self.old)] = self.new

    def _conditions(self, file: str) -> None:
        """Keys of `@config.when(old=…)`."""
        for span in conditions(self._snapshot, file, self._chunks(file, self.old)):
            if text_at(self._snapshot, span) == self.old:
                self._edits[span] = self.new

    def _globals(self) -> None:
        """The functions that changed their names, wherever else they are named as functions."""
        finder = Finder(self._snapshot.modules.values())
        waiting, seen = list(self._functions), set(self._functions)
        while waiting:
            file, name = waiting.pop()
            self._in_module(file, name)
            for other in self._snapshot.modules:
                if other == file or name not in self._snapshot.text(other).source:
                    continue
                if self._imported(other, file, name, finder) and (other, name) not in seen:
                    seen.add((other, name))
                    waiting.append((other, name))

    def _changed(self, name: str) -> str:
        return self.new + name[len(self.old) :]

    def _in_module(self, file: str, name: str) -> None:
        """A global name of a module, used in that module."""
        new, names = self._changed(name), self._snapshot.modules[file].names
        if new in names.functions | names.constants.keys() | names.classes.keys() | set(
            names.imports
        ):
            raise Refused(f"`{new}` is something else in {place_of(Span(file, 1))}")
        for chunk, places in self._chunks(file, name):
            for statement in chunk.body or ():
                found = set(scopes.free([statement], name, places))
                if found - self._edits.keys() and scopes.named(statement, new):
                    where = place_of(places.span(statement))
                    raise Refused(f"`{new}` is something else at {where}, where `{name}` is used")
                self._edits |= dict.fromkeys(found, new)
                match statement:
                    case ast.Assign(targets=[ast.Name(id="__all__")], value=exported):
                        for each in ast.walk(exported):
                            if isinstance(each, ast.Constant) and each.value == name:
                                self._edits[places.word(each, name)] = new

    def _imported(self, file: str, home: str, name: str, finder: Finder) -> bool:
        """A name of the file `home` in another file; gives whether it is a global there now."""
        module, new = self._snapshot.modules[file], self._changed(name)
        everywhere = False
        for chunk, places in self._chunks(file, name):
            if "import" not in chunk.text and f".{name}" not in chunk.text:
                continue
            owners: dict[int, Function] = {}
            for tree in (each for top in chunk.body or () for each in ast.walk(top)):
                if isinstance(tree, Function):
                    owners |= {id(each): tree for each in ast.walk(tree)}
                match tree:
                    case ast.ImportFrom(names=aliases) if name in {a.name for a in aliases}:
                        package = module.name if module.package else module.name.rpartition(".")[0]
                        known = Names("", package)
                        known.add([tree])
                        (alias,) = [each for each in aliases if each.name == name]
                        dotted = known.imports[alias.asname or name]
                        found = finder.find(dotted.rpartition(".")[0], file)
                        if found is None or found.file != home:
                            continue
                        self._edits[_alias(alias, name, places)] = new
                        if alias.asname:
                            continue
                        if id(tree) not in owners:
                            everywhere = True
                            continue
                        owner = owners[id(tree)]
                        self._not_captured(owner, [owner.args, *owner.body], new, places)
                        for each in ast.walk(owner):
                            if isinstance(each, ast.Name) and each.id == name:
                                self._edits[places.span(each)] = new
                    case ast.Attribute(value=value, attr=attribute) if attribute == name:
                        prefix = written(value) or ""
                        dotted = module.names.canonical(prefix) or prefix
                        found = finder.find(dotted, file) if dotted else None
                        if found is not None and found.file == home:
                            whole = places.span(tree)
                            self._edits[_last(whole, name)] = new
        return everywhere


def _alias(alias: ast.alias, name: str, places: Places) -> Span:
    span = Places(places.file, places.chunk).span(alias)  # type: ignore[arg-type]
    return span._replace(end_line=span.line, end_column=span.column + len(name))


def _last(whole: Span, name: str) -> Span:
    """The last word of a dotted name."""
    return whole._replace(line=whole.end_line, column=whole.end_column - len(name))


def placeholders(template: ast.expr, name: str, places: Places) -> Iterator[Span]:
    """Where the text of a template, as it is written, has `{name}`."""
    lines = places.lines
    start, end = template.lineno, template.end_lineno or template.lineno
    whole = places.span(template)
    field = re.compile(rf"(?<!\{{)(?:\{{\{{)*\{{({re.escape(name)})(?=[.\[!:}}])")
    for number in range(start, end + 1):
        line = lines[number - 1]
        first = whole.column - 1 if number == start else 0
        last = whole.end_column - 1 if number == end else len(line)
        for found in field.finditer(line, first, last):
            yield places.at(number, found.start(1) + 1, len(name))


def conditions(
    snapshot: Snapshot, file: str, chunks: Iterable[_Parsed] | None = None
) -> Iterator[Span]:
    """Where a file's `@config.when(…)` and its like name their keys."""
    module = snapshot.modules.get(file)
    if module is None or "when" not in snapshot.text(file).source:
        return
    if chunks is None:
        chunks = ((chunk, Places(file, chunk)) for chunk in snapshot.chunks(file))
    for chunk, places in chunks:
        for function in functions(chunk.body or ()) if "when" in chunk.text else ():
            for decorator in function.decorator_list:
                if not isinstance(decorator, ast.Call):
                    continue
                known = module.names.canonical(written(decorator.func) or "") or ""
                home, _, name = known.rpartition(".")
                if home in _CONFIG_HOMES and name in _CONFIG:
                    for keyword in decorator.keywords:
                        if keyword.arg:
                            yield places.word(keyword, keyword.arg)


def text_at(snapshot: Snapshot, span: Span) -> str:
    """What is written at a span that lies in one line."""
    line = snapshot.text(span.file).line(span.line)
    return line[span.column - 1 : span.end_column - 1] if span.line == span.end_line else ""


def place_of(span: Span) -> str:
    """A place, for a message: the file's own name is enough for a reader."""
    return f"{span.file.replace(chr(92), '/').rpartition('/')[2]}:{span.line}"


def within(found: Iterable[Span], line: int, column: int) -> Span | None:
    """The one of these spans that a cursor touches."""
    return next((span for span in found if covers(span, line, column)), None)
