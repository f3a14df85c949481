"""The text of an annotation to a `Type`, the same that the live annotation gives."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from stepwell.types.names import UNWRAPPED, canonical
from stepwell.types.type import ANY, EMPTY, NONE, REST, UNREADABLE, Type, literal, plain, union

if TYPE_CHECKING:
    import ast

Resolve = Callable[[str], "str | Type | None"]
"""What a dotted name means where it is written: its canonical dotted name by the file's imports,
or at once a `Type` (of an alias, a `NewType`, a class whose bases are known); `None` for a name
that the file does not explain."""


def from_text(text: str, resolve: Resolve | None = None) -> Type:
    """The type that an annotation's text says; unknown where it does not parse.

    >>> from_text("Optional[List[int]]", lambda name: f"typing.{name}" if name[0] in "OL" else None)
    Type(name='|', args=(Type(name='list', args=(Type(name='int', args=()),)), \
Type(name='None', args=())))
    """
    tree = _parsed(text)
    return UNREADABLE if tree is None else from_ast(tree, resolve)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> ast.expr | None:
    import ast

    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return None


def from_ast(annotation: ast.expr, resolve: Resolve | None = None) -> Type:
    """The type that an annotation says, read from its tree.

    Args:
        annotation: the expression after the colon or the arrow.
        resolve: what a name means there; without it, names mean themselves.
    """
    return _Text(resolve or (lambda name: None)).type(annotation)


class _Text:
    def __init__(self, resolve: Resolve) -> None:
        import ast

        self._ast = ast
        self._resolve = resolve

    def type(self, tree: ast.expr) -> Type:
        ast = self._ast
        if isinstance(tree, (ast.Name, ast.Attribute)):
            return self._named(tree)
        if isinstance(tree, ast.Subscript):
            return self._subscript(tree)
        if isinstance(tree, ast.Constant):
            if tree.value is None:
                return NONE
            if tree.value is ...:
                return REST
            return (
                from_text(tree.value, self._resolve) if isinstance(tree.value, str) else UNREADABLE
            )
        if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.BitOr):
            return union((self.type(tree.left), self.type(tree.right)))
        if isinstance(tree, ast.Starred):
            return Type("typing.Unpack", (self.type(tree.value),))
        if isinstance(tree, ast.List):
            return Type("[]", tuple([self.type(item) for item in tree.elts]))
        return UNREADABLE

    def _named(self, tree: ast.expr) -> Type:
        name = self._dotted(tree)
        if not name:
            return UNREADABLE
        meaning = self._resolve(name)
        if isinstance(meaning, Type):
            return meaning
        found = canonical(meaning or name)
        return ANY if found == ANY.name else NONE if found == "None" else plain(found)

    def _subscript(self, tree: ast.Subscript) -> Type:
        ast = self._ast
        base = self._named(tree.value)
        inner = tree.slice
        items = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        if base.name == "typing.Literal":
            return self._literal(items)
        if base.name in UNWRAPPED:
            return self.type(items[0]) if items else UNREADABLE
        if base.name == "typing.Optional":
            return union((self.type(inner), NONE))
        if base.name == "typing.Union":
            return union(self.type(item) for item in items)
        if base.args or base.name == "?":
            return (
                UNREADABLE  # an alias with parameters of its own: what they stand for is not known
            )
        if not items:
            return Type("tuple", (EMPTY,)) if base.name == "tuple" else UNREADABLE
        args = tuple([self.type(item) for item in items])
        return Type(base.name, args, base.mro)

    def _literal(self, items: list[ast.expr]) -> Type:
        ast = self._ast
        texts: list[str] = []
        for item in items:
            try:
                texts.append(repr(ast.literal_eval(item)))
                continue
            except ValueError:
                pass
            if isinstance(item, ast.Subscript):  # a literal in a literal
                inner = self._subscript(item)
                texts += [arg for arg in inner.args if isinstance(arg, str)]
            elif isinstance(item, ast.Attribute) and (owner := self._dotted(item.value)):
                meaning = self._resolve(owner)
                name = meaning.name if isinstance(meaning, Type) else meaning or owner
                texts.append(f"{canonical(name)}.{item.attr}")
            else:
                return UNREADABLE
        return literal(texts) if texts else UNREADABLE

    def _dotted(self, tree: ast.expr) -> str:
        ast = self._ast
        parts: list[str] = []
        while isinstance(tree, ast.Attribute):
            parts.append(tree.attr)
            tree = tree.value
        if not isinstance(tree, ast.Name):
            return ""
        return ".".join([tree.id, *reversed(parts)])
