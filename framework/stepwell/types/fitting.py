"""Whether a value of one type may be given where another is asked for.

As type checkers judge it, with three differences that the framework makes: a `Stream` given to a
step that asks for no stream arrives whole, what fans out is given item by item and collected as a
list, and what can't be known is `None`.
"""

from __future__ import annotations

from collections.abc import Iterable

from stepwell.types.hierarchy import STRUCTURAL, classes, derives, element, is_class, view
from stepwell.types.type import NONE, OVERLOAD, Type, literal_class

_TOP = ("typing.Any", "object")
_STREAM = "stepwell.Stream"
_ITEMS = "stepwell.Parallelizable"
_ALL = ("stepwell.Collect", "stepwell.Collecting")
_CALLABLE = "collections.abc.Callable"


def fits(source: Type, target: Type) -> bool | None:
    """Whether a value of `source` may be given where `target` is asked for; `None` if unknown.

    >>> from stepwell.types import from_text
    >>> fits(from_text("bool"), from_text("float | None"))
    True
    >>> fits(from_text("list[int]"), from_text("list[float]"))
    False
    >>> fits(from_text("Retriever"), from_text("int")) is None
    True
    """
    if source.name == "?" or target.name == "?":
        return None
    if source.name == _ITEMS or target.name in _ALL:
        return _each(source, target)
    if target.name in _TOP or source.name in ("typing.Any", "typing.Never") or source == target:
        return True
    if source.name == "|":
        return every(fits(member, target) for member in source.types)
    if source.name == OVERLOAD:
        answers = {fits(member, target) for member in source.types}
        return answers.pop() if len(answers) == 1 else None
    if source.name == _STREAM and target.name != _STREAM:
        return _whole(source, target)
    if target.name == "|":
        return _to_union(source, target)
    if source.name == "typing.Literal" or target.name == "typing.Literal":
        return _literals(source, target)
    if "..." in (source.name, target.name):
        return None
    if target.name == _STREAM and source.name != _STREAM:
        return _into_stream(source, target)
    if source.name == "tuple" and target.name == "tuple":
        return _tuples(source, target)
    if source.name == _CALLABLE and target.name == _CALLABLE:
        return _callables(source, target)
    return _class_fits(source, target)


def every(answers: Iterable[bool | None]) -> bool | None:
    """No if one is no; else unknown if one is unknown; else yes."""
    found = set(answers)
    return False if False in found else None if None in found else True


def some(answers: Iterable[bool | None]) -> bool | None:
    """Yes if one is yes; else unknown if one is unknown; else no."""
    found = set(answers)
    return True if True in found else None if None in found else False


def _to_union(source: Type, target: Type) -> bool | None:
    answer = some(fits(source, member) for member in target.types)
    if answer is False and source.name == "bool":
        return fits(Type("typing.Literal", ("False", "True")), target)
    if answer is False and source.name == "typing.Literal":
        return every(
            some(fits(Type("typing.Literal", (text,)), member) for member in target.types)
            for text in source.args
        )
    return answer


def _each(source: Type, target: Type) -> bool | None:
    """Items are given one by one; what is collected is what was made for one, many times."""
    for fan, inner in ((source.name == _ITEMS, source), (target.name in _ALL, target)):
        if fan and len(inner.types) != 1:
            return None
    one = source.types[0] if source.name == _ITEMS else source
    return fits(one, target.types[0] if target.name in _ALL else target)


def _whole(source: Type, target: Type) -> bool | None:
    """A stream given where none is asked for: its chunks joined to a text, else in a new list."""
    chunk = source.types[0] if source.types else Type("?")
    options = target.members
    if any(option.name == _STREAM for option in options):
        return some(fits(source, o) for o in options if o.name == _STREAM)
    if chunk.name == "?":
        return None
    if chunk.name == "str":
        return fits(chunk, target)
    # The list is new and nobody else holds it, so what may be in it is all that matters.
    return some(
        fits(chunk, option.types[0])
        if option.name in ("list", "collections.abc.MutableSequence") and option.types
        else fits(Type("list", (chunk,)), option)
        for option in options
    )


def _into_stream(source: Type, target: Type) -> bool | None:
    """What can be looped over may serve as a stream, in one way of looping at least."""
    for ancestor in ("collections.abc.Iterable", "collections.abc.AsyncIterable"):
        args = view(source, ancestor)
        if args is not None:
            return False if _arguments_fit(args, target) is False else None
    return False if is_class(source.name) else None


def _literals(source: Type, target: Type) -> bool | None:
    if source.name != "typing.Literal":
        texts = [arg for arg in target.args if isinstance(arg, str)]
        if source.name == "bool":
            return {"True", "False"} <= set(texts)
        if source == NONE:
            return "None" in texts
        if "." in source.name:  # an enum, perhaps, of which these are all the members
            return None
        return False
    if target.name == "typing.Literal":
        return set(source.args) <= set(target.args)
    owners = {literal_class(text) for text in source.args if isinstance(text, str)}
    if target.name == "typing.LiteralString":
        return owners == {"str"}
    return every(fits(Type(owner), target) for owner in owners)


def _tuples(source: Type, target: Type) -> bool | None:
    if not source.args or not target.args:
        return True
    if any(arg.name == "typing.Unpack" for arg in (*source.types, *target.types)):
        return None  # of any length
    if _endless(target):
        return fits(element(source), target.types[0])
    if _endless(source):
        return source.types[0].name == "typing.Any"
    ours, theirs = _items(source), _items(target)
    return every(map(fits, ours, theirs)) if len(ours) == len(theirs) else False


def _endless(type: Type) -> bool:
    return len(type.args) == 2 and type.types[1].name == "..."


def _items(type: Type) -> tuple[Type, ...]:
    return () if type.types[0].name == "()" else type.types


def _callables(source: Type, target: Type) -> bool | None:
    if len(source.types) != 2 or len(target.types) != 2:
        return True if not source.args or not target.args else None
    (ours, gives), (theirs, wants) = source.types, target.types
    result = fits(gives, wants)
    if ours.name == "..." or theirs.name == "...":
        return result
    if ours.name != "[]" or theirs.name != "[]":
        return False if result is False else None
    if len(ours.types) != len(theirs.types):
        return False
    return every((result, *map(fits, theirs.types, ours.types)))


def _class_fits(source: Type, target: Type) -> bool | None:
    args = view(source, target.name)
    if args is not None:
        return _arguments_fit(args, target)
    if derives(source.name, target.name):
        return True
    return _by_bases(source, target) if source.mro else _unrelated(source, target)


def _by_bases(source: Type, target: Type) -> bool | None:
    """The answer where the names of the bases are known, though not their arguments."""
    bases = source.mro or ()
    for base in bases:
        entry = classes().get(base)
        if entry is not None and not entry.parameters:
            args = view(Type(base), target.name)
            if args is not None:
                return _arguments_fit(args, target)
    if target.name in bases or any(view(Type(base), target.name) is not None for base in bases):
        return None if target.args else True
    return _unrelated(source, target)


def _unrelated(source: Type, target: Type) -> bool | None:
    """The answer where nothing says that one derives from the other."""
    if source.name.rpartition(".")[2] == target.name.rpartition(".")[2]:
        return None  # the same class under two addresses, most likely
    if source.name == "type" and target.name == _CALLABLE:
        return None
    ours = is_class(source.name)
    if not ours and source.mro is None:
        return None
    if target.name in STRUCTURAL:
        return False if ours else None
    return False if is_class(target.name) or target.mro else None


def _arguments_fit(args: tuple[Type | str, ...], target: Type) -> bool | None:
    if not args or not target.args:
        return True
    entry = classes().get(target.name)
    variances = [variance for _, variance in entry.parameters] if entry else []
    answers: list[bool | None] = []
    for position, (ours, theirs) in enumerate(zip(args, target.args, strict=False)):
        if not isinstance(ours, Type) or not isinstance(theirs, Type):
            answers.append(ours == theirs or None)
            continue
        forth, back = fits(ours, theirs), fits(theirs, ours)
        if entry is None:  # the variance is not known: only what both forbid is forbidden
            answers.append(forth if forth is back else None)
        elif variances[position : position + 1] == ["+"]:
            answers.append(forth)
        elif variances[position : position + 1] == ["-"]:
            answers.append(back)
        else:
            answers.append(every((forth, back)))
    return every(answers)
