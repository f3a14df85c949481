"""What a function returns, where its text gives that away: types as they would be written there.

Says nothing where it is not sure. Types are texts (`list[str]`); two that are alike are one type.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence

from stepwell_lsp.scopes import Function, parameters

_CALLS = {
    **dict.fromkeys(("ascii", "bin", "chr", "format", "hex", "input", "oct", "repr", "str"), "str"),
    **dict.fromkeys(("hash", "id", "int", "len", "ord"), "int"),
    **dict.fromkeys(("all", "any", "bool", "callable", "isinstance", "issubclass"), "bool"),
    "float": "float",
    "bytes": "bytes",
    "complex": "complex",
}
_OF_STR = {
    **dict.fromkeys(("capitalize", "casefold", "format", "join", "lower", "lstrip"), "str"),
    **dict.fromkeys(("removeprefix", "removesuffix", "replace", "rstrip", "strip"), "str"),
    **dict.fromkeys(("swapcase", "title", "upper", "zfill"), "str"),
    **dict.fromkeys(("count", "find", "index", "rfind", "rindex"), "int"),
    **dict.fromkeys(("split", "splitlines", "rsplit"), "list[str]"),
    **dict.fromkeys(("startswith", "endswith", "isdigit", "isalpha", "isspace"), "bool"),
    **dict.fromkeys(("partition", "rpartition"), "tuple[str, str, str]"),
    "encode": "bytes",
}
_NUMBERS = ("int", "float")  # wider ones later
_SEQUENCES = ("list", "set", "frozenset", "Sequence", "Iterable", "Iterator", "Collection")
_CERTAIN = (ast.Is, ast.IsNot, ast.In, ast.NotIn)  # `==` of an array is an array


def returned(function: Function, home: Mapping[str, Function], classes: Iterable[str]) -> str:
    """What a function returns, or `""` where that can't be told.

    Args:
        function: the function, which says nothing itself.
        home: the functions of its module.
        classes: the classes of its module.
    """
    own = [*_own(function.body)]
    if any(isinstance(each, ast.Yield | ast.YieldFrom) for each in own) or _is_empty(function):
        return ""
    known = _Known(home, frozenset(classes), _variables(function, own))
    given = [each.value for each in own if isinstance(each, ast.Return)]
    kinds = [known.of(value) if value else "None" for value in given]
    if not _leaves(function.body):
        kinds.append("None")
    return _either(kinds)


class _Known:
    """What is known where an expression stands."""

    def __init__(
        self,
        home: Mapping[str, Function],
        classes: frozenset[str],
        variables: Mapping[str, ast.expr | str],
        open: frozenset[str] = frozenset(),
    ) -> None:
        self.home, self.classes, self.variables, self.open = home, classes, variables, open

    def of(self, tree: ast.expr) -> str:
        """The type of an expression, or nothing."""
        match tree:
            case ast.Constant(value=value):
                return "" if value is ... else "None" if value is None else type(value).__name__
            case ast.JoinedStr():
                return "str"
            case ast.Name(id=name):
                return self._name(name)
            case ast.Compare(ops=ops) if all(isinstance(op, _CERTAIN) for op in ops):
                return "bool"
            case ast.Compare(left=left, comparators=others):
                plain = {"str", "int", "float", "bool", "bytes"}
                return "bool" if {self.of(left), *map(self.of, others)} <= plain else ""
            case ast.UnaryOp(op=ast.Not()):
                return "bool"
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
                return found if (found := self.of(operand)) in _NUMBERS else ""
            case ast.BoolOp(values=values):
                kinds = {self.of(value) for value in values}
                return kinds.pop() if len(kinds) == 1 else ""
            case ast.IfExp(body=body, orelse=orelse):
                return _either([self.of(body), self.of(orelse)])
            case ast.BinOp(left=left, op=op, right=right):
                return _combined(self.of(left), op, self.of(right))
            case ast.Subscript(value=value, slice=index):
                return _item(self.of(value), sliced=isinstance(index, ast.Slice))
            case ast.Await(value=ast.Call(func=ast.Name(id=name))) if name not in self.variables:
                return self._call(name, wait=True)
            case ast.Call():
                return self._called(tree)
            case ast.List() | ast.Set() | ast.Tuple() | ast.Dict():
                return self._display(tree)
            case ast.ListComp() | ast.SetComp() | ast.DictComp():
                return self._comprehension(tree)
        return ""

    def _name(self, name: str) -> str:
        found = self.variables.get(name, "")
        if isinstance(found, str) or name in self.open:
            return found if isinstance(found, str) else ""
        return _Known(self.home, self.classes, self.variables, self.open | {name}).of(found)

    def _called(self, tree: ast.Call) -> str:
        match tree.func:
            case ast.Name(id=name) if name not in self.variables:
                if name == "sorted" and tree.args:
                    inner = _element(self.of(tree.args[0]))
                    return f"list[{inner}]" if inner else ""
                return self._call(name, wait=False)
            case ast.Attribute(value=value, attr=method) if self.of(value) == "str":
                return _OF_STR.get(method, "")
        return ""

    def _call(self, name: str, *, wait: bool) -> str:
        if called := self.home.get(name):
            plain = called.returns and not called.decorator_list
            if plain and isinstance(called, ast.AsyncFunctionDef) == wait:
                return ast.unparse(called.returns) if called.returns else ""
            return ""
        if name in self.classes:
            return name
        return "" if wait else _CALLS.get(name, "")

    def _display(self, tree: ast.List | ast.Set | ast.Tuple | ast.Dict) -> str:
        if isinstance(tree, ast.Dict):
            keys = _alike([self.of(key) if key else "" for key in tree.keys])
            values = _alike(map(self.of, tree.values))
            return f"dict[{keys}, {values}]" if keys and values else ""
        kinds = [*map(self.of, tree.elts)]
        if isinstance(tree, ast.Tuple):
            return f"tuple[{', '.join(kinds)}]" if kinds and all(kinds) else ""
        inner = _alike(kinds)
        return f"{'set' if isinstance(tree, ast.Set) else 'list'}[{inner}]" if inner else ""

    def _comprehension(self, tree: ast.ListComp | ast.SetComp | ast.DictComp) -> str:
        variables = dict(self.variables)
        inside = _Known(self.home, self.classes, variables, self.open)
        for one in tree.generators:
            kind = inside._each(one.iter)
            for target in ast.walk(one.target):
                if isinstance(target, ast.Name):
                    variables[target.id] = kind if target is one.target and not one.is_async else ""
        if isinstance(tree, ast.DictComp):
            key, value = inside.of(tree.key), inside.of(tree.value)
            return f"dict[{key}, {value}]" if key and value else ""
        inner = inside.of(tree.elt)
        return f"{'set' if isinstance(tree, ast.SetComp) else 'list'}[{inner}]" if inner else ""

    def _each(self, tree: ast.expr) -> str:
        """What an iteration over an expression gives."""
        match tree:
            case ast.Call(func=ast.Name(id="range")) if "range" not in self.variables:
                return "int"
        return _element(self.of(tree))


def _own(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Every part of a function's body that is no other scope's."""
    for each in body:
        if not isinstance(each, Function | ast.ClassDef | ast.Lambda):
            yield each
            yield from _own(ast.iter_child_nodes(each))


def _is_empty(function: Function) -> bool:
    """Whether it is still to be written: nothing but a docstring, `...`, `pass` or a raise."""
    return all(
        isinstance(each, ast.Pass | ast.Raise)
        or (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
        for each in function.body
    )


def _variables(function: Function, own: Sequence[ast.AST]) -> dict[str, ast.expr | str]:
    """Parameters by their annotations and variables that are set once; others by nothing."""
    found: dict[str, ast.expr | str] = {}
    for given in parameters(function):
        found[given.arg] = ast.unparse(given.annotation) if given.annotation else ""
    for many in (function.args.vararg, function.args.kwarg):
        if many is not None:
            found[many.arg] = ""
    simple: dict[str, ast.expr | str] = {}
    for each in own:
        match each:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                simple[name] = value
            case ast.AnnAssign(target=ast.Name(id=name), annotation=said):
                simple[name] = ast.unparse(said)
    names = [
        each for each in own if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load)
    ]
    for each in names:
        again = each.id in found or sum(one.id == each.id for one in names) > 1
        found[each.id] = "" if again else simple.get(each.id, "")
    for inner in ast.walk(function):  # what else binds a name
        for name in _bound_otherwise(inner) if inner is not function else ():
            found[name] = ""
    return found


def _bound_otherwise(each: ast.AST) -> list[str]:
    match each:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.ExceptHandler(name=str() as name) | ast.MatchAs(name=str() as name):
            return [name]
        case ast.MatchStar(name=str() as name) | ast.MatchMapping(rest=str() as name):
            return [name]
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return [alias.asname or alias.name.partition(".")[0] for alias in names]
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            return list(names)
    return []


def _leaves(body: Sequence[ast.stmt]) -> bool:
    """Whether the end of these statements is never reached."""
    match body[-1]:
        case ast.Return() | ast.Raise():
            return True
        case ast.If(body=then, orelse=orelse) if orelse:
            return _leaves(then) and _leaves(orelse)
        case ast.With(body=inner) | ast.AsyncWith(body=inner):
            return _leaves(inner)
        case ast.Try(body=inner, handlers=handlers, orelse=orelse, finalbody=final):
            if final and _leaves(final):
                return True
            return _leaves(orelse or inner) and all(_leaves(each.body) for each in handlers)
        case ast.While(test=ast.Constant(value=True), body=inner):
            return not any(isinstance(each, ast.Break) for each in _own(inner))
        case ast.Match(cases=cases):
            last = cases[-1]
            whole = isinstance(last.pattern, ast.MatchAs) and not (
                last.pattern.pattern or last.guard
            )
            return whole and all(_leaves(each.body) for each in cases)
    return False


def _either(kinds: Iterable[str]) -> str:
    """The union of what may be, `None` last; nothing where one is not known, or all differ."""
    told = [*kinds]
    plain = dict.fromkeys(kind.removesuffix(" | None") for kind in told if kind != "None")
    if "" in plain or len(plain) > 2 or (len(plain) == 2 and any(" | " in kind for kind in plain)):
        return ""
    optional = any(kind.endswith("None") for kind in told)
    return " | ".join([*plain, "None"] if optional else plain)


def _alike(kinds: Iterable[str]) -> str:
    """The one type that all are of; nothing where they differ or there are none."""
    found = set(kinds)
    return found.pop() if len(found) == 1 else ""


def _combined(left: str, op: ast.operator, right: str) -> str:
    """What an operator makes of two."""
    if left in _NUMBERS and right in _NUMBERS:
        if isinstance(op, ast.Div):
            return "float"
        if isinstance(op, ast.Add | ast.Sub | ast.Mult | ast.FloorDiv | ast.Mod):
            return max(left, right, key=_NUMBERS.index)
        return ""
    if isinstance(op, ast.Add) and left == right and (left == "str" or left.startswith("list[")):
        return left
    if isinstance(op, ast.Mod) and left == "str":
        return "str"
    if isinstance(op, ast.Mult) and {left, right} == {"str", "int"}:
        return "str"
    return ""


def _element(kind: str) -> str:
    """What is in a collection of this type."""
    head, bracket, inner = kind.partition("[")
    if kind == "str":
        return "str"
    if head in _SEQUENCES and bracket:
        return inner[:-1]
    if head == "tuple" and inner.endswith(", ...]") and inner.count(",") == 1:
        return inner.removesuffix(", ...]")
    return ""


def _item(kind: str, *, sliced: bool) -> str:
    """What a subscript of this type gives."""
    if kind in ("str", "bytes"):
        return kind if sliced or kind == "str" else "int"
    if kind.startswith("list["):
        return kind if sliced else kind[5:-1]
    return ""
