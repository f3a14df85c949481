"""Decorators' text to the modifiers that they make, without running anything of the user's.

What is evaluated: literals, dicts, lists and tuples of them, module-level constants, and calls of
stepwell's own `source`, `value`, `group` and modifiers. All else stays `Unread`.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from stepwell.errors import ModifierError
from stepwell.modifiers import (
    Modifier,
    apply_to,
    check_output_custom,
    does,
    extract_fields,
    mutate,
    parameterized_subdag,
    step,
    subdag,
    with_columns,
)
from stepwell.modifiers.arguments import Unread, Value, Written
from stepwell.modifiers.cached import Cached
from stepwell.modifiers.settings import Settings
from stepwell.modifiers.tagged import Tagged
from stepwell.read.source.beside import may_be_modifier, modifier
from stepwell.read.source.borrowed import named_by
from stepwell.read.source.chunks import Places
from stepwell.read.source.names import KNOWN, Names, written
from stepwell.spec import Condition, Guard, Span

_OPAQUE = (Value, Condition, Guard, Tagged, Cached, Settings)
"""What may hold a value that is not known from text."""

TAKES_FUNCTIONS: tuple[Any, ...] = (
    *(step, does, check_output_custom, mutate, apply_to),
    *(subdag, parameterized_subdag, with_columns),
)
"""What takes functions or modules by position."""

STORED = tuple(
    f"{home}.{of}."
    for home in ("stepwell", "stepwell.modifiers")
    for of in ("load_from", "save_to")
)
"""What a format of the user's own follows."""

_DEPTH = 40


class Literals:
    """Evaluates the expressions of one chunk."""

    def __init__(self, names: Names, places: Places | None) -> None:
        self.names, self.places = names, places

    def modifier(self, decorator: ast.expr) -> Modifier | Unread | None:
        """The modifier that a decorator makes; `None` if it is something else's decorator.

        Raises:
            ModifierError: if it is called as it can't be.
        """
        call = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = written(call)
        canonical = self.names.canonical(name) if name else None
        maker = KNOWN.get(canonical or "") or modifier(canonical or "")
        if maker is None:
            made = self.value(decorator) if name and not isinstance(decorator, ast.Call) else None
            if isinstance(made, Modifier):
                return made
            # What a modifier of the user's own does is not known: none of their code is run.
            own = canonical is not None and (
                self.names.makes_modifiers(canonical)
                or canonical.startswith(STORED)
                or may_be_modifier(canonical)
            )
            own = own or self._made_by_a_modifier(decorator)
            return Unread(ast.unparse(decorator)) if own else None
        if isinstance(maker, Modifier):
            if isinstance(decorator, ast.Call):
                raise ModifierError(f"`@{name}` takes no arguments; write it without `()`")
            return maker
        if not isinstance(decorator, ast.Call):
            raise ModifierError(f"`@{name}` needs its arguments: `@{name}(…)`")
        made = self._call(maker, decorator, name or "")
        return made if isinstance(made, Modifier | Unread) else None

    def _made_by_a_modifier(self, decorator: ast.expr) -> bool:
        """Whether it names a constant of the module that a modifier of the user's own is."""
        found = self.names.constant(decorator.id) if isinstance(decorator, ast.Name) else None
        if found is None:
            return False
        home, call = found
        if not isinstance(call, ast.Call):
            return False
        made = home.canonical(written(call.func) or "")
        return made is not None and home.makes_modifiers(made)

    def value(self, expression: ast.expr, depth: int = _DEPTH) -> Any:
        """The value of an expression, `Unread` where that is not known."""
        if depth:
            match expression:
                case ast.Constant(value=str(text)) if self.places is not None:
                    return Written(text, self._inside(expression, text))
                case ast.Constant(value=constant):
                    return constant
                case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as n)):
                    return -n
                case ast.List(elts=elements):
                    return self._all(elements, list, depth)
                case ast.Tuple(elts=elements):
                    return self._all(elements, tuple, depth)
                case ast.Set(elts=elements):
                    return self._all(elements, set, depth)
                case ast.Dict():
                    return self._dict(expression, depth)
                case ast.Name(id=name):
                    return self._name(name, depth)
                case ast.Call(func=ast.Attribute(value=ast.Call() as inner, attr=attribute)):
                    return self._chained(expression, inner, attribute, depth)
                case ast.Call(func=function):
                    canonical = self.names.canonical(written(function) or "")
                    maker = KNOWN.get(canonical or "") or modifier(canonical or "")
                    maker = dict if canonical == "dict" else maker
                    if maker is not None and not isinstance(maker, Modifier):
                        return self._call(maker, expression, canonical or "", depth - 1)
        return Unread(text_of(expression))

    def _call(self, maker: Any, call: ast.Call, name: str, depth: int = _DEPTH) -> Any:
        core = getattr(maker, "__wrapped__", maker)
        if core is extract_fields:
            args = [self._types(argument, depth) for argument in call.args]
        else:
            named = core in TAKES_FUNCTIONS
            args = [
                (named_by(argument, self.names, self.places) if named else None)
                or self.value(argument, depth)
                for argument in call.args
            ]
        keywords: dict[Any, Any] = {}
        for keyword in call.keywords:
            given = self.value(keyword.value, depth)
            if keyword.arg is not None:
                place = self.places.word(keyword, keyword.arg) if self.places else None
                keywords[Written(keyword.arg, place) if place else keyword.arg] = given
            elif isinstance(given, Mapping) and all(isinstance(key, str) for key in given):
                keywords.update(given)
            else:
                return Unread(text_of(call))
        try:
            made = maker(*args, **keywords)
        except (TypeError, ValueError, NotImplementedError) as error:
            raise ModifierError(f"`{name}`: {error}") from None
        return Unread(text_of(call)) if isinstance(made, Modifier) and _unread(made) else made

    def _chained(self, call: ast.Call, inner: ast.expr, attribute: str, depth: int) -> Any:
        """What a method of a part of a modifier's argument gives: `step(…).when(…)`.

        Raises:
            ModifierError: if it is called as it can't be.
        """
        made = self.value(inner, depth - 1)
        if attribute not in getattr(type(made), "CHAINED", ()):
            return Unread(text_of(call))
        return self._call(getattr(made, attribute), call, attribute, depth - 1)

    def _types(self, argument: ast.expr, depth: int) -> Any:
        constant = self.names.constant(argument.id) if isinstance(argument, ast.Name) else None
        home, expression = constant or (self.names, argument)
        if not isinstance(expression, ast.Dict):
            named = None if constant else named_by(argument, self.names)
            fields = self.names.fields_of(named.name) if named else None
            return fields or self.value(argument, depth)
        reader = self if home is self.names and constant is None else Literals(home, None)
        return {
            reader.value(key, depth) if key else Unread("**"): (
                home.type(given)
                if not isinstance(given, ast.Constant) or given.value is None
                else given.value
            )
            for key, given in zip(expression.keys, expression.values, strict=True)
        }

    def _dict(self, expression: ast.Dict, depth: int) -> Any:
        made: dict[Any, Any] = {}
        for key, given in zip(expression.keys, expression.values, strict=True):
            inner = self.value(given, depth - 1)
            if key is not None:
                name = self.value(key, depth - 1)
                try:
                    made[name] = inner
                except TypeError:
                    return Unread(text_of(expression))
            elif isinstance(inner, Mapping):
                made.update(inner)
            else:
                return Unread(text_of(expression))
        return made

    def _all(self, elements: Iterable[ast.expr], kind: Any, depth: int) -> Any:
        found: list[Any] = []
        for element in elements:
            if isinstance(element, ast.Starred):
                inner = self.value(element.value, depth - 1)
                if isinstance(inner, Unread):
                    return Unread(f"*{inner}")
                found += inner
            else:
                found.append(self.value(element, depth - 1))
        try:
            return kind(found)
        except TypeError:
            return Unread(repr(found))

    def _name(self, name: str, depth: int) -> Any:
        constant = self.names.constant(name)
        if constant is not None:
            home, expression = constant
            return Literals(home, None).value(expression, depth - 1)
        builtin = getattr(builtins, name, None)
        if isinstance(builtin, type) and self.names.canonical(name) == name:
            return builtin
        return Unread(name)

    def _inside(self, expression: ast.expr, text: str) -> Span:
        assert self.places is not None
        return self.places.word(expression, text) if text else self.places.span(expression)


def text_of(expression: ast.expr) -> str:
    """An expression as text; a mark where it is nested too deeply to be written."""
    try:
        return ast.unparse(expression)
    except RecursionError:
        return "…"


def _unread(made: Any) -> bool:
    """Whether what is not known could change more than a value."""
    if isinstance(made, Unread):
        return True
    if isinstance(made, _OPAQUE):
        return False
    if isinstance(made, Mapping):
        return any(_unread(key) or _unread(given) for key, given in made.items())
    if isinstance(made, list | tuple | set):
        return any(_unread(each) for each in made)
    if is_dataclass(made):
        return any(_unread(getattr(made, each.name)) for each in fields(made))
    return False
