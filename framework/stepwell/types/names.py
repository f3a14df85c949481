"""The one name of each thing that Python knows by several: `typing.List` is `list`."""

from __future__ import annotations

import types

_ABSTRACT = """
    AsyncGenerator AsyncIterable AsyncIterator Awaitable ByteString Callable Collection Container
    Coroutine Generator Hashable ItemsView Iterable Iterator KeysView Mapping MappingView
    MutableMapping MutableSequence MutableSet Reversible Sequence Sized ValuesView
"""
_BUILT_IN = ("List", "Dict", "Set", "FrozenSet", "Tuple", "Type")

_UNNAMED = {
    kind.__name__: f"types.{name}"
    for name, kind in reversed(vars(types).items())
    if isinstance(kind, type) and kind.__module__ == "builtins"
}
"""Classes that `types` gives a name which they themselves don't tell: `module` is `ModuleType`."""

CANONICAL = {
    **{f"typing.{name}": f"collections.abc.{name}" for name in _ABSTRACT.split()},
    **{f"typing.{name}": name.lower() for name in _BUILT_IN},
    **{f"typing.{name}": f"collections.{name}" for name in ("ChainMap", "Counter", "OrderedDict")},
    "typing.AbstractSet": "collections.abc.Set",
    "typing.AsyncContextManager": "contextlib.AbstractAsyncContextManager",
    "typing.ContextManager": "contextlib.AbstractContextManager",
    "typing.DefaultDict": "collections.defaultdict",
    "typing.Deque": "collections.deque",
    "typing.Match": "re.Match",
    "typing.NoReturn": "typing.Never",
    "typing.Pattern": "re.Pattern",
    "typing.Text": "str",
    "types.NoneType": "None",
    "NoneType": "None",
    "stepwell.stream.Stream": "stepwell.Stream",
    "stepwell.fanout.Parallelizable": "stepwell.Parallelizable",
    "stepwell.fanout.Collect": "stepwell.Collect",
    "stepwell.fanout.Collecting": "stepwell.Collecting",
    "stepwell.fanout.ItemFailed": "stepwell.ItemFailed",
    "pathlib._local.Path": "pathlib.Path",
    "pathlib._local.PurePath": "pathlib.PurePath",
}

UNWRAPPED = frozenset(
    f"typing.{name}"
    for name in ("Annotated", "ClassVar", "Final", "NotRequired", "ReadOnly", "Required")
)
"""What says something about a type beside it; the type is the first argument."""


def canonical(name: str) -> str:
    """The one dotted name of what is written so, imports resolved.

    >>> canonical("typing.List"), canonical("builtins.int"), canonical("typing_extensions.Self")
    ('list', 'int', 'typing.Self')
    """
    if name.startswith("builtins."):
        name = _UNNAMED.get(name[9:], name[9:])
    elif name.startswith("typing_extensions."):
        name = "typing." + name[18:]
    return CANONICAL.get(name, name)
