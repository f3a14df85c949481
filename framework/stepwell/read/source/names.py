"""What the names of one file mean: its imports, constants, aliases and classes."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import stepwell
from stepwell import modifiers
from stepwell.modifiers.extracted import KEYED, PLAIN, Fields
from stepwell.modifiers.formats import BUILT_IN
from stepwell.read.source.beside import PREFIX, exported, meaning
from stepwell.read.source.chunks import Chunk
from stepwell.types import Type, from_ast
from stepwell.types.live import new_type

_CONFIG = ("when", "when_not", "when_in", "when_not_in", "default")
_HOMES = ("stepwell", "stepwell.modifiers")

KNOWN: dict[str, Any] = {
    f"{home}.{name}": getattr(modifiers, name)
    for home in _HOMES
    for name in modifiers.__all__
    if name not in ("config", "schema", "load_from", "save_to", "Modifier")
} | {
    f"{home}.{of}.{name}": getattr(getattr(modifiers, of), name)
    for home in _HOMES
    for of, names in (
        ("config", _CONFIG),
        ("schema", ("output",)),
        ("load_from", BUILT_IN),
        ("save_to", BUILT_IN),
    )
    for name in names
}
"""Modifiers, and what makes their arguments, by every dotted name that they have."""

_EXPORTED = {
    "stepwell": stepwell.__all__,
    "stepwell.modifiers": modifiers.__all__,
    "stepwell.driver": ("Builder", "Driver"),
}
"""What a star import of stepwell itself brings."""

MODIFIER = ("stepwell.modifiers.Modifier", "stepwell.modifiers.modifier.Modifier")
"""The class that users' own modifiers are of."""

_BUILTINS = frozenset(dir(builtins))

Others = Callable[[str], "Names | None"]

Defined: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

_NO_CHUNK = Chunk(1, "", ())

_DEPTH = 12  # how many re-exports are followed


@dataclass(slots=True, eq=False)
class Names:
    """The module-level names of a file.

    Args:
        module: the dotted name of the module.
        package: the dotted name that a relative import counts from.
        imports: local names to the dotted names that they were imported as.
        constants: names that are assigned at the top level, with the expression.
        unsure: those of them that are assigned more than once, so that no value is known.
        classes: classes, with the expressions of their bases.
        fields: classes, with what is annotated in their bodies.
        functions: functions that are defined at the top level, each with its chunk of the text.
        overloaded: those of them that have overloads.
        stars: modules that everything was imported from.
        others: gives the names of another module of the workspace, if it is one.
        file: the path of the file.
        mutations: by the name of a step, the modifiers that `mutate` elsewhere in the file puts on
            it; `None` until that has been read.
    """

    module: str
    package: str
    imports: dict[str, str] = field(default_factory=dict)
    constants: dict[str, ast.expr] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)
    classes: dict[str, list[ast.expr]] = field(default_factory=dict)
    fields: dict[str, list[tuple[str, ast.expr]]] = field(default_factory=dict)
    functions: dict[str, tuple[Defined, Chunk]] = field(default_factory=dict)
    overloaded: set[str] = field(default_factory=set)
    stars: list[str] = field(default_factory=list)
    others: Others = field(default=lambda name: None, compare=False, repr=False)
    file: str = ""
    mutations: Mapping[str, Sequence[Any]] | None = field(default=None, compare=False, repr=False)
    _open: set[str] = field(default_factory=set, compare=False, repr=False)

    def add(self, body: Iterable[ast.stmt], chunk: Chunk = _NO_CHUNK) -> None:
        """Takes in the names of these statements, and of both arms of conditional ones."""
        for statement in body:
            match statement:
                case ast.Import(names=names):
                    for name in names:
                        local = name.asname or name.name.partition(".")[0]
                        meant = name.name if name.asname else local
                        # A file that imports the program's main module means itself.
                        self.imports[local] = self.module if meant == "__main__" else meant
                case ast.ImportFrom():
                    self._import_from(statement)
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    self._constant(name, value)
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    self._constant(name, value)
                case ast.ClassDef(name=name, bases=bases, body=inside):
                    self.classes[name] = bases
                    self.fields[name] = [
                        (each.target.id, each.annotation)
                        for each in inside
                        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
                    ]
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    self.functions[name] = statement, chunk
                    above = (written(each) or "" for each in statement.decorator_list)
                    if any(each.rpartition(".")[2] == "overload" for each in above):
                        self.overloaded.add(name)
                case ast.If() | ast.Try() | ast.TryStar() | ast.With():
                    for arm in arms(statement):
                        self.add(arm, chunk)
                case _ if type(statement).__name__ == "TypeAlias":
                    alias: Any = statement
                    self._constant(alias.name.id, alias.value)

    def canonical(self, dotted: str, depth: int = _DEPTH) -> str | None:
        """The dotted name under which a written name is defined, or `None` where unknown."""
        head, _, rest = dotted.partition(".")
        tail = f".{rest}" if rest else ""
        if head in self.imports:
            return self._follow(self.imports[head] + tail, depth)
        if head in self.constants or head in self.classes or head in self.functions:
            return f"{self.module}.{dotted}"
        for star in self.stars:
            if head in (_EXPORTED.get(star) or exported(star)):
                return f"{star}.{dotted}"
            other = self.others(star) if depth else None
            found = other.canonical(dotted, depth - 1) if other is not None else None
            if found and found != dotted:
                return found
        return dotted if hasattr(builtins, head) else None

    def constant(self, name: str) -> tuple[Names, ast.expr] | None:
        """The expression of a module-level constant and the names it is to be read with."""
        if name in self.constants and name not in self.imports:
            return None if name in self.unsure else (self, self.constants[name])
        canonical = self.canonical(name)
        if canonical is None or "." not in canonical:
            return None
        home, _, last = canonical.rpartition(".")
        other = self.others(home)
        return other.constant(last) if other is not None and last in other.constants else None

    def exported(self) -> list[str] | None:
        """What `__all__` lists; `None` where a star import brings every public name."""
        listed = self.constants.get("__all__")
        if not isinstance(listed, ast.List | ast.Tuple) or "__all__" in self.unsure:
            return None
        return [str(each.value) for each in listed.elts if isinstance(each, ast.Constant)]

    def type(self, expression: ast.expr) -> Type:
        """The type that an annotation means."""
        return from_ast(expression, self.resolve)

    def resolve(self, dotted: str) -> Type | str | None:
        """What a name in an annotation means: a dotted name, or the type that it is short for."""
        found = self.constant(dotted)
        if found is None:
            return self._class(self.canonical(dotted))
        home, expression = found
        name = f"{home.module}.{dotted.rpartition('.')[2]}"
        if isinstance(expression, ast.Call):
            return home._made(name, expression)
        if isinstance(expression, ast.Constant) and not isinstance(expression.value, str | None):
            return None
        if name in self._open:
            return name  # an alias that names itself
        self._open.add(name)
        try:
            return home.type(expression)
        finally:
            self._open.discard(name)

    def _made(self, name: str, call: ast.Call) -> Type | str:
        maker = self.canonical(written(call.func) or "")
        match call.args:
            case [ast.Constant(value=str(text)), base] if maker == "typing.NewType":
                return new_type(f"{self.module}.{text}", self.type(base))
            case [ast.Constant(value=str(text)), *_] if maker == "typing.TypeVar":
                return Type(f"{self.module}.{text}")
        return name

    def _class(self, canonical: str | None) -> Type | str | None:
        """The class with its bases, where all of them can be seen."""
        if canonical is None:
            return None
        home, _, last = canonical.rpartition(".")
        owner = self if home == self.module else self.others(home) if home else None
        if owner is None or last not in owner.classes:
            return meaning(canonical)
        bases = owner._bases(last, _DEPTH)
        return Type(canonical, mro=bases) if bases else canonical

    def _bases(self, name: str, depth: int) -> tuple[str, ...] | None:
        found = [f"{self.module}.{name}"]
        for base in self.classes[name]:
            canonical = self.canonical(written(base) or "") if depth else None
            if canonical is None:
                return None
            home, _, last = canonical.rpartition(".")
            owner = self if home == self.module else self.others(home) if home else None
            if owner is not None and last in owner.classes:
                above = owner._bases(last, depth - 1)
                if above is None:
                    return None
                found += above
            elif canonical == "typing.TypedDict":
                return found[0], canonical
            elif not home and isinstance(kind := getattr(builtins, canonical, None), type):
                found += [each.__name__ for each in kind.__mro__]
            else:
                return None
        return (*dict.fromkeys(name for name in found if name != "object"), "object")

    def fields_of(self, canonical: str, depth: int = _DEPTH) -> Fields | None:
        """The fields of a class, its bases' first; `None` where not all of them are to be seen."""
        home, _, last = canonical.rpartition(".")
        owner = self if home == self.module else self.others(home) if home else None
        if owner is None or last not in owner.classes or not depth:
            return None
        found: dict[str, Type] = {}
        by_key = False
        for base in reversed(owner.classes[last]):
            above = owner.canonical(written(base) or "")
            if above in KEYED:
                by_key = True
            elif above not in PLAIN:
                inner = owner.fields_of(above, depth - 1) if above else None
                if inner is None:
                    return None
                found |= inner.types
                by_key |= inner.by_key
        for name, annotation in owner.fields[last]:
            if not name.startswith("_") and not _of_the_class(annotation):
                found[name] = owner.type(annotation)
        return Fields(last, tuple(found.items()), by_key)

    def makes_modifiers(self, canonical: str, depth: int = _DEPTH) -> bool:
        """Whether it is a modifier of the user's own, or a function that says it returns one."""
        if canonical in MODIFIER:
            return True
        home, _, last = canonical.rpartition(".")
        owner = self if home == self.module else self.others(home) if home else None
        if owner is None or not depth:
            return False
        named: list[ast.expr] = [*owner.classes.get(last, ())]
        if last in owner.functions and (returns := owner.functions[last][0].returns) is not None:
            named.append(returns)
        above = (owner.canonical(written(each) or "") for each in named)
        return any(each and owner.makes_modifiers(each, depth - 1) for each in above)

    def _follow(self, dotted: str, depth: int) -> str:
        """The name behind re-exports of the workspace's modules."""
        home, _, last = dotted.rpartition(".")
        other = self.others(home) if home and depth else None
        if other is None:
            return dotted
        found = other.canonical(last, depth - 1)
        return found if found and found != last else dotted

    def _import_from(self, statement: ast.ImportFrom) -> None:
        home = statement.module or ""
        if statement.level:
            parts = self.package.split(".")
            above = parts[: len(parts) - statement.level + 1]
            # A folder that is no package still has neighbours.
            home = ".".join(part for part in (*above, home) if part)
        for name in statement.names:
            if name.name == "*":
                self.stars.append(home)
            else:
                self.imports[name.asname or name.name] = f"{home}.{name.name}".lstrip(".")

    def _constant(self, name: str, value: ast.expr) -> None:
        if name in self.constants:
            self.unsure.add(name)
        self.constants[name] = value


def _of_the_class(annotation: ast.expr) -> bool:
    """Whether it says `ClassVar`, bare or of something."""
    name = written(annotation.value if isinstance(annotation, ast.Subscript) else annotation)
    return (name or "").rpartition(".")[2] == "ClassVar"


def written(expression: ast.expr) -> str | None:
    """The dotted name that an expression is, or `None` if it is something else."""
    parts: list[str] = []
    while isinstance(expression, ast.Attribute):
        parts.append(expression.attr)
        expression = expression.value
    if not isinstance(expression, ast.Name):
        return None
    return ".".join([expression.id, *reversed(parts)])


def arms(statement: ast.If | ast.Try | ast.TryStar | ast.With) -> list[list[ast.stmt]]:
    """The bodies of a compound statement, of which one or more run."""
    match statement:
        case ast.If(body=body, orelse=orelse):
            return [body, orelse]
        case ast.Try() | ast.TryStar():
            handlers = [handler.body for handler in statement.handlers]
            return [statement.body, *handlers, statement.orelse, statement.finalbody]
    return [statement.body]


def local_names(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """The names of a function's parameters and of what it assigns."""
    names = {each.arg for each in ast.walk(function.args) if isinstance(each, ast.arg)}
    for each in ast.walk(function):
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            names.add(each.id)
    return names


def mutating(names: Names) -> dict[str, tuple[Defined, Chunk]]:
    """The functions that `mutate` may be on."""
    known = {"stepwell.mutate", "stepwell.modifiers.mutate", "stepwell", "stepwell.modifiers"}
    imports = names.imports.values()
    beside = any(each.startswith(PREFIX) for each in imports)
    if known.isdisjoint(imports) and not names.stars and not beside:
        return {}
    return {
        name: (defined, chunk)
        for name, (defined, chunk) in names.functions.items()
        if "mutate" in chunk.text and defined.decorator_list
    }


def environment(names: Names) -> Mapping[str, object]:
    """What a node's reading depends on besides its own text, in a form that compares."""
    dumped = {name: ast.dump(value) for name, value in names.constants.items()}
    bases = {name: [ast.dump(base) for base in given] for name, given in names.classes.items()}
    fields = {
        name: [(each, ast.dump(annotation)) for each, annotation in given]
        for name, given in names.fields.items()
    }
    return {
        "others": _near(names),
        "mutations": {
            name: [ast.dump(each) for each in defined.decorator_list]
            for name, (defined, _) in mutating(names).items()
        },
        "module": (names.module, names.package),
        "unsure": names.unsure,
        "overloaded": names.overloaded,
        "shadows": names.functions.keys() & _BUILTINS,
        "imports": names.imports,
        "constants": dumped,
        "classes": bases,
        "fields": fields,
        "stars": names.stars,
    }


def _near(names: Names) -> dict[str, Names]:
    """The workspace's modules that these names lead to; one that is read anew is another object."""
    found: dict[str, Names] = {}
    waiting = [names]
    while waiting:
        here = waiting.pop()
        homes = {dotted.rpartition(".")[0] for dotted in here.imports.values()}
        for home in homes.union(here.imports.values(), here.stars):
            other = here.others(home) if home and home not in found else None
            if other is not None:
                found[home] = other
                waiting.append(other)
    return found
