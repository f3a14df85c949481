"""A `Type` as an annotation that Python can read, wherever it stands."""

from __future__ import annotations

from stepwell.types.type import OVERLOAD, Type


def annotation(type: Type, modules: set[str]) -> str:
    """The annotation, every name with its module; nothing where the type is not known.

    Args:
        type: what to write.
        modules: takes the modules that have to be imported for it.

    >>> needed: set[str] = set()
    >>> annotation(Type("list", (Type("pandas.DataFrame"),)), needed), needed
    ('list[pandas.DataFrame]', {'pandas'})
    """
    name, args = type.name, type.args
    if name in ("?", ""):
        return ""
    if name in ("...", "()", "None"):
        return name
    if name == "typing.Literal":
        modules.add("typing")
        for text in args:
            if isinstance(text, str) and text[0] not in "'\"b" and "." in text:
                modules.add(text.rpartition(".")[0].rpartition(".")[0])
        return f"typing.Literal[{', '.join(map(str, args))}]"
    inside = [annotation(arg, modules) if isinstance(arg, Type) else arg for arg in args]
    if not all(inside):
        return ""
    if name in ("|", OVERLOAD):
        return " | ".join(inside)
    if name == "[]":
        return f"[{', '.join(inside)}]"
    module = name.rpartition(".")[0]
    if module:
        modules.add(module)
    return f"{name}[{', '.join(inside)}]" if inside else name
