"""`extract_fields`: a node for each field of the dict that a step returns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any, ClassVar

from stepwell.errors import ModifierError
from stepwell.modifiers.arguments import checked_name, place
from stepwell.modifiers.modifier import Modifier
from stepwell.spec import Node, Param
from stepwell.types import ANY, Type, from_object


@dataclass(frozen=True)
class Extracted(Modifier):
    """Adds the fields' nodes beside the node itself."""

    fields: tuple[tuple[str, Any], ...]

    stage: ClassVar[int] = 50

    def expand(self, node: Node) -> Iterable[Node]:
        if not self.fields:
            raise ModifierError("`extract_fields` needs the name of at least one field")
        if node.kind == "field":
            return (node,)
        return [node, *(_field(node, name, given) for name, given in self.fields)]


def extract_fields(*fields: str | list[str] | Mapping[str, Any]) -> Extracted:
    """A node for each field of the dict that the step returns: a dict of types, or just names.

    Of names alone, the type is that of the dict's values.

    >>> @extract_fields({"title": str, "pages": int})
    ... def document(path: str) -> dict[str, object]: ...
    >>> @extract_fields("title", "body")
    ... def texts(path: str) -> dict[str, str]: ...
    """
    found: list[tuple[Any, Any]] = []
    for given in fields:
        if isinstance(given, Mapping):
            found += given.items()
        elif isinstance(given, list | tuple):
            found += [(name, None) for name in given]
        elif callable(given):
            raise ModifierError(
                f"`@extract_fields` on `{getattr(given, '__name__', given)}` names no fields; "
                'write `@extract_fields("title", …)`'
            )
        else:
            found.append((given, None))
    return Extracted(tuple(found))


def _field(node: Node, name: Any, given: Any) -> Node:
    checked_name(name, argument=str(name), what="a field")
    return replace(
        node,
        name=str(name),
        type=_type(node.type, given),
        params=(Param(node.name, node.name, node.type, positional_only=True),),
        doc="",
        kind="field",
        bound=(),
        prompts=(),
        body=None,
        span=place(name, node.span),
        callable=itemgetter(str(name)),
    )


def _type(whole: Type, given: Any) -> Type:
    if isinstance(given, Type):
        return given
    if given is not None:
        return from_object(given)
    value = whole.args[-1] if whole.name in _DICTS and len(whole.args) == 2 else ANY
    return value if isinstance(value, Type) else ANY


_DICTS = frozenset(
    ("dict", "collections.abc.Mapping", "collections.abc.MutableMapping", "typing.Mapping")
)
