"""A plan as Python, continued: what is done for each item of a fan-out, as a loop.

Where nothing is to be done around the steps, this loop is what runs, hot or not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from stepwell.blocks import ITEMS, item_key
from stepwell.execution.around import Loop, Place, written
from stepwell.execution.branches import Part, branched, may_be_skipped, skipped
from stepwell.execution.work import At, note, works
from stepwell.plan import Line, Plan

if TYPE_CHECKING:
    from stepwell.execution.each import BlockWork
    from stepwell.execution.text import Text, Writer
    from stepwell.execution.work import Work


def local_name(line: Line) -> str:
    """What the variable of a line's result would like to be called."""
    name = line.node.name
    if line.bundle is not None:
        return "task"
    if line.block is not None or line.node.kind == "part":
        return "every_" + name.replace(", ", "_and_")
    return f"{name}_items" if line.node.type.name == ITEMS else name


def loop(writer: Writer, position: int, work: Work) -> list[tuple[str, Place]]:
    """The lines of one block: a list, and a loop that fills it."""
    return _loop(writer, position, cast("BlockWork", work), ())


def _loop(
    writer: Writer, position: int, work: BlockWork, loops: tuple[Loop, ...]
) -> list[tuple[str, Place]]:
    line, block = work.line, work.block
    items, *shared = (writer.piece(piece) for piece in line.args)
    made, item = writer.locals[line.slot], writer.names.take(block.source.name)
    inner = writer.inside(block.plan, work.works, (item, *shared))
    loops = (*loops, Loop(block.source, made, item))
    ids = ".".join(f"{each.source.name}[{{len({each.made})}}]" for each in loops)
    inner.task_id = f'f"{ids}"'
    start = "async for" if block.source.kind == "async_generator" else "for"
    lines = [
        (f"{made} = []", Place(position)),
        (f"{start} {item} in {items}:{work.how}", Place(position, inner=block.source, loops=loops)),
    ]
    body = branched(inner, (_part(inner, position, *each, loops) for each in enumerate(work.works)))
    results = ", ".join(map(inner.piece, block.plan.results))
    result = f"({results})" if len(block.plan.results) > 1 else results
    body.append((f"{made}.append({result})", Place(position, inner=block.source, loops=loops)))
    return lines + [(f"    {text}", place) for text, place in body]


def made_alone(writer: Writer, position: int, work: Work) -> list[tuple[str, Place]]:
    """What is left of a block's list when those items are left out that took no route to it.

    A line of its own, after the loop: there the list's length is the number of the item.
    """
    plan, made = cast("BlockWork", work).block.plan, writer.locals[work.line.slot]
    only = plan.results[0] if len(plan.results) == 1 else None
    if not isinstance(only, int) or not may_be_skipped(plan, only):
        return []
    left = f"[each for each in {made} if each is not {skipped(writer)}]"
    return [(f"{made} = {left}", Place(position))]


def _part(inner: Writer, position: int, place: int, each: Work, loops: tuple[Loop, ...]) -> Part:
    at = Place(position, inner=each.node, loops=loops)
    line = each.line._replace(frees=())  # the next item takes their place
    if each.line.block is not None:
        texts = _loop(inner, position, cast("BlockWork", each), loops)
        left = [(text, at) for text, _ in made_alone(inner, place, each)]
        return Part(line, texts + left, at)
    own = written(inner, place, each) if each.hooks else inner.plain(place)
    return Part(line, [(text, at) for text, _ in own], at)


def loop_of(line: Line) -> Callable[..., list[Any]]:
    """What a block makes of each item, as a function of the items and of what they share.

    What was not made is `SKIPPED` there. Only for blocks of plain functions around which nobody
    does anything.
    """
    assert line.block is not None
    kept = line.block.kept
    if "loop" not in kept:
        kept["loop"], kept["text"] = _compiled(line)
    return cast("Callable[..., list[Any]]", kept["loop"])


def _compiled(line: Line) -> tuple[Callable[..., list[Any]], Text]:
    from stepwell.execution.text import Writer, compiled
    from stepwell.lifecycle.dispatch import LifecycleSet

    assert line.block is not None
    inner = line.block.plan
    slots = len(line.args)
    alone = line._replace(slot=slots, args=(*range(slots),), simple=True, frees=(), route=None)
    plan = Plan(inner.graph, ("made",), inner.given, (alone,), (slots,), frozenset())
    text = Writer(plan, works(plan, LifecycleSet()), leaves_out=False).text()
    function = compiled(text, f"<stepwell block of {line.block.source.name}>")

    def made(*values: Any) -> list[Any]:
        given = dict(zip(plan.given, values, strict=True))
        return cast("list[Any]", function(given, {}, {}, "")["made"])

    return made, text


def noted(error: BaseException, line: Line, at: At, *, first: int = 0, above: str = "") -> None:
    """Writes on an exception in which node it was raised, and for which item.

    Args:
        error: what was raised in the loop.
        line: the block.
        at: where in the run the block is.
        first: the number of the loop's first item.
        above: what comes before the item's id.
    """
    if line.block is None or "text" not in line.block.kept:
        note(error, line.node, at)
        return
    place, known = _place(error, line)
    if place is None or place.inner is None:
        note(error, line.block.source, at)
    else:
        note(error, place.inner, at_item(at, place.loops, known, first=first, above=above))


def items_at(error: BaseException, line: Line) -> int:
    """How many items of the outermost loop were done when this was raised in it."""
    place, known = _place(error, line)
    return len(known.get(place.loops[0].made, ())) if place is not None and place.loops else 0


def _place(error: BaseException, line: Line) -> tuple[Place | None, Mapping[str, Any]]:
    """Where in the text of a block's loop an error was raised, and its variables there."""
    assert line.block is not None
    text: Text = line.block.kept["text"]
    name = f"<stepwell block of {line.block.source.name}>"
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != name:
        trace = trace.tb_next
    if trace is None:
        return None, {}
    return text.lines[trace.tb_lineno - 1], trace.tb_frame.f_locals


def at_item(
    at: At, loops: Iterable[Loop], known: Mapping[str, Any], *, first: int = 0, above: str = ""
) -> At:
    """The item at work in these loops: each has made so much, the outermost from `first` on."""
    ids, keys = [], [*at.keys]
    for source, made, item in loops:
        ids.append(f"{source.name}[{first + len(known.get(made, ()))}]")
        first = 0
        if (key := item_key(source, known.get(item))) is not None:
            keys.append(key)
    return At(at.run_id, above + ".".join(ids), tuple(keys))
