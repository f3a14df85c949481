"""Which names in a function's body, or in a module, mean one binding and no other of that name.

Works on trees and knows Python's scopes: nested functions, lambdas, comprehensions and classes hide
a name that they bind themselves. Gives places; changes nothing.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from stepwell.read.source.chunks import Places
from stepwell.spec import Span

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
_Comprehension: TypeAlias = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp

_EXACT = sys.version_info >= (3, 12)  # before, places inside an f-string are not to be trusted


class Unclear(Exception):
    """A use of the name that can't be told by a place alone; the message says which."""


def uses(function: Function, name: str, places: Places) -> Iterator[Span]:
    """Where a function's body uses its own parameter or variable `name`.

    Keywords of calls of the function itself count: `name=` there names the parameter.

    Raises:
        Unclear: if the name is bound where it can't be renamed alone, as by an import.
    """
    finder = _Uses(name, places, function.name)
    for statement in function.body:
        yield from finder.visit(statement)


def free(body: Iterable[ast.AST], name: str, places: Places) -> Iterator[Span]:
    """Where the statements of a module use its own global `name`; definitions of it count too."""
    finder = _Uses(name, places, "")
    for statement in body:
        yield from finder.visit(statement)


def keywords(body: Iterable[ast.AST], function: str, name: str, places: Places) -> Iterator[Span]:
    """Where calls of the module's own `function` give its parameter by the keyword `name`."""
    for call in _Uses(function, places, "").calls(body):
        for keyword in call.keywords:
            if keyword.arg == name:
                yield places.word(keyword, name)


def named(tree: ast.AST, name: str) -> bool:
    """Whether a name is read or bound anywhere in a tree, in whatever scope."""
    return any(name in _bound(each) for each in ast.walk(tree))


def definition(function: Function, places: Places) -> Span:
    """Where a function's name is written behind its `def`."""
    name, line = function.name, places.lines[function.lineno - 1]
    found = line.find(name, line.find("def", function.col_offset) + 3)
    if found < 0:  # behind a line that goes on
        return places.word(function, name)
    return places.at(function.lineno, found + 1, len(name))


def parameters(function: Function | ast.Lambda) -> Iterator[ast.arg]:
    """Every parameter of a function."""
    given = function.args
    yield from (*given.posonlyargs, *given.args, *given.kwonlyargs)
    yield from (each for each in (given.vararg, given.kwarg) if each)


def _bound(each: ast.AST) -> tuple[str | None, ...]:
    """The names that one node of a tree writes down as names."""
    match each:
        case ast.Name(id=name) | ast.arg(arg=name) | ast.ClassDef(name=name):
            return (name,)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return (name,)
        case ast.ExceptHandler(name=name) | ast.MatchAs(name=name) | ast.MatchStar(name=name):
            return (name,)
        case ast.MatchMapping(rest=name):
            return (name,)
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            return tuple(names)
        case ast.alias(name=name, asname=asname):
            return (asname or name.partition(".")[0],)
    return ()


def _binds(body: Iterable[ast.AST], name: str, outer: type[ast.Global | ast.Nonlocal]) -> bool:
    """Whether statements bind a name in their own scope, so that an outer one is hidden.

    `outer` is the statement that says that it is the outer one which is meant.
    """
    waiting = list(body)
    hidden = False
    while waiting:
        each = waiting.pop()
        match each:
            case ast.Global(names=names) | ast.Nonlocal(names=names) if name in names:
                if isinstance(each, outer):
                    return False
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                hidden |= each.name == name
                continue
            case ast.Lambda():
                continue
            case ast.Name(ctx=ast.Load()):
                continue
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                inner = [n for n in ast.walk(each) if isinstance(n, ast.NamedExpr)]
                waiting += [n.target for n in inner]
                continue
        hidden |= name in _bound(each)
        waiting += ast.iter_child_nodes(each)
    return hidden


class _Uses:
    """Walks from the scope that binds a name into those that see it."""

    def __init__(self, name: str, places: Places, function: str) -> None:
        self.name, self.places, self.function = name, places, function
        self.outer = ast.Nonlocal if function else ast.Global

    def visit(self, tree: ast.AST) -> Iterator[Span]:
        match tree:
            case ast.Name():
                if tree.id == self.name:
                    yield self.places.span(tree)
                return
            case ast.Lambda():
                yield from self._function(tree, [tree.body])
                return
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from self._named(tree)
                yield from self._all(tree.decorator_list)
                yield from self._function(tree, tree.body)
                return
            case ast.ClassDef():
                yield from self._class(tree)
                return
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                yield from self._comprehension(tree)
                return
            case ast.JoinedStr() if not _EXACT:
                yield from self._all(fields(tree, self.places))
                return
            case ast.Import() | ast.ImportFrom() if self.function:
                self._imported(tree)
            case ast.Nonlocal(names=names) | ast.Global(names=names) if self.name in names:
                yield self._word(tree)
            case ast.MatchAs(name=self.name, pattern=None):
                yield self._word(tree)
            case ast.ExceptHandler(name=self.name) | ast.MatchAs(name=self.name):
                yield self._word(tree, "as ")
            case ast.MatchStar(name=self.name) | ast.MatchMapping(rest=self.name):
                yield self._word(tree, "*")
            case ast.Call(func=ast.Name(id=called)) if called == self.function:
                for keyword in tree.keywords:
                    if keyword.arg == self.name:
                        yield self.places.word(keyword, self.name)
        yield from self._all(ast.iter_child_nodes(tree))

    def calls(self, body: Iterable[ast.AST]) -> Iterator[ast.Call]:
        """Calls of the function of this name, wherever it is not hidden."""
        for statement in body:
            seen = set(self.visit(statement))
            for each in ast.walk(statement) if seen else ():
                match each:
                    case ast.Call(func=ast.Name(id=self.name) as function):
                        if self.places.span(function) in seen:
                            yield each

    def _all(self, trees: Iterable[ast.AST]) -> Iterator[Span]:
        for tree in trees:
            yield from self.visit(tree)

    def _function(self, tree: Function | ast.Lambda, body: Sequence[ast.AST]) -> Iterator[Span]:
        """Defaults and annotations are read outside; the body sees the name unless it is hidden."""
        given = tree.args
        outside: list[ast.expr | None] = [*given.defaults, *given.kw_defaults]
        outside += [each.annotation for each in parameters(tree)]
        if not isinstance(tree, ast.Lambda):
            outside.append(tree.returns)
        yield from self._all(each for each in outside if each)
        hidden = any(each.arg == self.name for each in parameters(tree))
        if not hidden and not _binds(body, self.name, self.outer):
            yield from self._all(body)

    def _class(self, tree: ast.ClassDef) -> Iterator[Span]:
        yield from self._named(tree)
        yield from self._all([*tree.decorator_list, *tree.bases, *tree.keywords])
        own = _binds(tree.body, self.name, self.outer)
        for statement in tree.body:
            if not own:
                yield from self.visit(statement)
            else:  # methods don't see what the class binds
                methods = (each for each in ast.walk(statement) if isinstance(each, Function))
                for method in methods:
                    yield from self._function(method, list(method.body))

    def _comprehension(self, tree: _Comprehension) -> Iterator[Span]:
        first, *later = tree.generators
        yield from self.visit(first.iter)
        targets = (each for one in tree.generators for each in ast.walk(one.target))
        if any(isinstance(each, ast.Name) and each.id == self.name for each in targets):
            return
        result = [tree.key, tree.value] if isinstance(tree, ast.DictComp) else [tree.elt]
        yield from self._all([*result, *first.ifs])
        for one in later:
            yield from self._all([one.target, one.iter, *one.ifs])

    def _named(self, tree: Function | ast.ClassDef) -> Iterator[Span]:
        if tree.name == self.name:
            yield self._word(tree, "class " if isinstance(tree, ast.ClassDef) else "def ")

    def _imported(self, tree: ast.Import | ast.ImportFrom) -> None:
        for alias in tree.names:
            if self.name in _bound(alias):
                line = tree.lineno + self.places.chunk.line - 1
                raise Unclear(f"line {line} imports something as `{self.name}`")

    def _word(self, tree: ast.AST, before: str = "") -> Span:
        """The name in a statement that holds it as a word, after what stands before it."""
        assert isinstance(tree, ast.stmt | ast.ExceptHandler | ast.pattern)
        lines, first = self.places.lines, tree.lineno
        pattern = re.compile(re.escape(before) + rf"\s*\b({self.name})\b")
        last = tree.end_lineno or first
        for number in range(first, last + 1):
            start = tree.col_offset if number == first else 0
            line = lines[number - 1].encode()[:start].decode(errors="ignore")
            if found := pattern.search(lines[number - 1], len(line)):
                return self.places.at(number, found.start(1) + 1, len(self.name))
        raise Unclear(f"line {first + self.places.chunk.line - 1} binds `{self.name}`")


def fields(tree: ast.JoinedStr, places: Places) -> Iterator[ast.expr]:
    """The expressions in an f-string, parsed again so that their places are right."""
    lines = places.lines[tree.lineno - 1 : tree.end_lineno]
    lines[-1] = lines[-1].encode()[: tree.end_col_offset].decode(errors="ignore")
    start = len(lines[0].encode()[: tree.col_offset].decode(errors="ignore"))
    lines[0] = " " * start + lines[0][start:]
    # The brackets hold the parts together where they stand on several lines.
    text = "(\n" + "\n".join(lines) + "\n)"
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        raise Unclear(f"the f-string in line {tree.lineno + places.chunk.line - 1}") from None
    for token in tokens:
        prefix = token.string.partition(token.string.lstrip("rRbBuUfF")[:1] or " ")[0]
        if token.type != tokenize.STRING or "f" not in prefix.lower():
            continue
        for offset, expression in _fields(token.string, len(prefix)):
            before = token.string[:offset]
            row = tree.lineno + token.start[0] - 2 + before.count("\n")
            column = offset if "\n" not in before else offset - before.rindex("\n") - 1
            column += 0 if "\n" in before else token.start[1]
            bytes_before = len(places.lines[row - 1][:column].encode())
            # A bracket in the first column, so that no line is indented; then all is in its place.
            pad = " " * (bytes_before - 1) if row == 1 else "\n" * (row - 1) + " " * bytes_before
            try:
                yield ast.parse(f"({pad}{expression}\n)", mode="eval").body
            except SyntaxError:
                raise Unclear(f"the f-string in line {row + places.chunk.line - 1}") from None


def _fields(text: str, start: int) -> Iterator[tuple[int, str]]:
    """The expressions between the braces of an f-string's text, with their offsets."""
    index = start
    while index < len(text):
        if text.startswith(("{{", "}}"), index):
            index += 2
        elif text[index] == "{":
            end = _end(text, index + 1)
            yield index + 1, text[index + 1 : end].rstrip().removesuffix("=")
            index = end
        else:
            index += 1


def _end(text: str, index: int) -> int:
    """Where an expression ends that starts at `index`: at its `}`, `:` or conversion."""
    depth, quote = 0, ""
    while index < len(text):
        letter = text[index]
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter in "([{":
            depth += 1
        elif letter in ")]}" and depth:
            depth -= 1
        elif not depth and (letter in "}:" or (letter == "!" and text[index + 1] != "=")):
            return index
        index += 1
    return index
