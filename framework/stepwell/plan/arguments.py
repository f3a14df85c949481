"""One line of a plan: which slot each argument of a step comes from."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from stepwell.plan.lines import READ_LIVE, Group, Line, Literal, Maybe, Piece, Whole
from stepwell.spec import Node


def line_of(
    node: Node,
    slot: int,
    slots: dict[str, int],
    live: frozenset[int],
    frees: tuple[int, ...],
    unsure: Collection[str] = (),
) -> Line:
    """The line of a node, given where the values are that it may read.

    In the place of what is `unsure`, and may not have been made, a step's own default may stand.
    """
    code = getattr(node.callable, "__code__", None)
    params = node.params
    if (
        not node.bound
        and not live
        and not unsure
        and code is not None
        and not hasattr(node.callable, "__wrapped__")
    ):
        names = code.co_varnames[: code.co_argcount]
        if len(names) == len(params) and not code.co_kwonlyargcount:
            args = [
                slots.get(param.reads, -1)
                for param, name in zip(params, names, strict=True)
                if param.keyword == name and param.key is None
            ]
            if len(args) == len(params) and -1 not in args:
                return Line(node, slot, tuple(args), (), frees, True)
    pieces = _pieces(node, slots, live, () if node.kind == "join" else unsure)
    return _odd_line(node, slot, pieces, frees)


def _odd_line(node: Node, slot: int, pieces: dict[str, Piece], frees: tuple[int, ...]) -> Line:
    """A line whose arguments are not just values in the order of the signature."""
    args: list[Piece] = []
    if node.kind in ("field", "join"):
        args = list(pieces.values())
        simple = all(isinstance(piece, int) for piece in args)
        return Line(node, slot, tuple(args), (), frees, simple)
    for name, default in positions(node):
        if name in pieces:
            args.append(pieces.pop(name))
        elif not node.positional_only.isdisjoint(pieces):
            args.append(Literal(default))
        else:
            break
    simple = not pieces and all(isinstance(piece, int) for piece in args)
    return Line(node, slot, tuple(args), tuple(pieces.items()), frees, simple)


def positions(node: Node) -> Iterator[tuple[str, Any]]:
    """The parameters of a step that can be given by position, each with its default."""
    function = node.callable
    wrapped: Any = function
    while hasattr(wrapped, "__wrapped__"):
        wrapped = wrapped.__wrapped__
    code = getattr(wrapped, "__code__", None)
    if code is None:
        yield from ((param.keyword, None) for param in node.params if param.positional_only)
        return
    defaults: tuple[Any, ...] = getattr(wrapped, "__defaults__", None) or ()
    every = (*(None,) * (code.co_argcount - len(defaults)), *defaults)
    # A wrapper may have a signature of its own: only what must be is given by position.
    count = code.co_argcount if wrapped is function else code.co_posonlyargcount
    yield from zip(code.co_varnames[:count], every[:count], strict=True)


def default_of(node: Node, keyword: str) -> Any:
    """What the step itself puts in the place of a parameter that is not given."""
    function: Any = node.callable
    if keyword in (own := getattr(function, "defaults", {})):
        return own[keyword]
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    code, last = function.__code__, function.__defaults__ or ()
    names = code.co_varnames[: code.co_argcount]
    found = dict(zip(names[len(names) - len(last) :], last, strict=True))
    return (found | (function.__kwdefaults__ or {})).get(keyword)


def _pieces(
    node: Node, slots: dict[str, int], live: frozenset[int], unsure: Collection[str]
) -> dict[str, Piece]:
    """Each keyword with what it is given; a group's parts are put together."""
    pieces: dict[str, Piece] = {}
    groups: dict[str, dict[int | str, Piece]] = {}
    for param in node.params:
        slot = slots.get(param.reads)
        if slot is None or param.guard is not None:
            continue
        value: int | Whole = slot
        if slot in live and param.type.name not in READ_LIVE:
            value = Whole(slot)
        piece: Piece = value
        if not param.required and param.reads in unsure:
            piece = Maybe(value, default_of(node, param.keyword))
        if param.key is None:
            pieces[param.keyword] = piece
        else:
            groups.setdefault(param.keyword, {})[param.key] = piece
    for bound in node.bound:
        if bound.key is None:
            pieces[bound.keyword] = Literal(bound.value)
        else:
            groups.setdefault(bound.keyword, {})[bound.key] = Literal(bound.value)
    for keyword, parts in groups.items():
        if all(isinstance(key, int) for key in parts):
            ordered = sorted(parts.items(), key=lambda part: part[0])
            pieces[keyword] = Group(None, tuple(piece for _, piece in ordered))
        else:
            pieces[keyword] = Group(tuple(map(str, parts)), tuple(parts.values()))
    return pieces
