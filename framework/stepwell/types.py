"""The comparable form of an annotation, and whether one fits another.

`Type` is made from a live annotation or from its text; both give the same form. `fits` answers yes,
no or unknown, and a rule acts on a no alone. Standard library only.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Type:
    """An annotation: a dotted name and its arguments.

    Args:
        name: the canonical dotted name: `int`, `list`, `typing.Any`, `pandas.DataFrame`; `|` for a
            union, `typing.Literal` for literals, `?` where nothing is known.
        args: the arguments, types or (for a literal) values.
        mro: the dotted names of the class's bases where they are known; never compared.
    """

    name: str
    args: tuple[Type | object, ...] = ()
    mro: tuple[str, ...] | None = field(default=None, compare=False)

    @property
    def short(self) -> str:
        """As written in Python, module names left out: `list[DataFrame]`."""
        return str(self)

    def __str__(self) -> str:
        return self.name


UNKNOWN = Type("?")
ANY = Type("typing.Any")


def fits(source: Type, target: Type) -> bool | None:
    """Whether a value of `source` may be given where `target` is asked for; `None` if unknown."""
    return None if source != target else True


def from_object(annotation: object, globals: dict[str, object] | None = None) -> Type:
    """The type that a live annotation means."""
    import types
    import typing

    if isinstance(annotation, Type):
        return annotation
    if isinstance(annotation, str):
        try:
            annotation = eval(annotation, globals or {})
        except Exception:
            return Type(str(annotation))
    if annotation is typing.Any:
        return ANY
    if annotation is None or annotation is type(None):
        return Type("None")
    origin = typing.get_origin(annotation)
    args = typing.get_args(annotation)
    if origin is typing.Annotated:
        return from_object(args[0])
    if origin is typing.Literal:
        return Type("typing.Literal", args)
    if origin in (typing.Union, types.UnionType):
        return Type("|", tuple(from_object(each) for each in args))
    if origin is not None:
        return Type(_dotted(origin), tuple(e if e is ... else from_object(e) for e in args))
    return Type(_dotted(annotation))


def _dotted(given: object) -> str:
    module, name = getattr(given, "__module__", ""), getattr(given, "__qualname__", repr(given))
    return name if module == "builtins" else f"{module}.{name}"
