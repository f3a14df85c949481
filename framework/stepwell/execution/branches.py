"""A plan as Python, continued: what is done only where a route leads there, as `if`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from stepwell.plan import Check, Line, Plan, Route
from stepwell.routes import SKIPPED

if TYPE_CHECKING:
    from stepwell.execution.around import Place
    from stepwell.execution.text import Writer

Written = list[tuple[str, "Place"]]


class Part(NamedTuple):
    """What is written of one line of a plan, and what is written around it.

    Args:
        line: the line.
        texts: what does it.
        place: what the lines around it belong to.
    """

    line: Line
    texts: Written
    place: Place


def branched(writer: Writer, parts: Iterable[Part]) -> Written:
    """All lines; those that go the same way stand under one `if`."""
    written: Written = []
    for condition, group in groupby(parts, lambda part: _condition(writer, part.line.route)):
        if not condition:
            for part in group:
                written += part.texts + _dropped(writer, part.line.frees, part.place)
        else:
            written += _either(writer, condition, [*group])
    return written


def may_be_skipped(plan: Plan, slot: int) -> bool:
    """Whether it is not sure that this is made."""
    line = plan.lines[slot - len(plan.given)] if slot >= len(plan.given) else None
    return line is not None and (line.route is not None or line.node.kind == "join")


def skipped(writer: Writer) -> str:
    """How `SKIPPED` is written."""
    return writer.own("SKIPPED", SKIPPED)


def _either(writer: Writer, condition: str, parts: Sequence[Part]) -> Written:
    first = parts[0].place
    made = [part.line.slot for part in parts]
    freed = [slot for part in parts for slot in part.line.frees if slot not in made]
    names = " = ".join(writer.locals[slot] for slot in made)
    done: Written = []
    for part in parts:
        own = [slot for slot in part.line.frees if slot in made]
        done += part.texts + _dropped(writer, own, part.place)
    return [
        (f"if {condition}:", first),
        *[(f"    {text}", place) for text, place in done],
        ("else:", first),
        (f"    {names} = {skipped(writer)}", first),
        *_dropped(writer, freed, first),
    ]


def _dropped(writer: Writer, slots: Sequence[int], place: Place) -> Written:
    if not slots:
        return []
    return [(f"del {', '.join(writer.locals[slot] for slot in slots)}", place)]


def _condition(writer: Writer, route: Route | None) -> str:
    if route is None:
        return ""
    needs = [f"{writer.locals[slot]} is not {skipped(writer)}" for slot in route.needs]
    ways = [" and ".join(_check(writer, check) for check in way) for way in route.ways]
    if len(ways) > 1:
        ways = [f"({way})" if len(route.ways[n]) > 1 else way for n, way in enumerate(ways)]
        any_way = " or ".join(ways)
        ways = [f"({any_way})" if needs else any_way]
    return " and ".join([*needs, *ways])


def _check(writer: Writer, check: Check) -> str:
    name, (operator, values) = writer.locals[check.slot], check.guard
    if operator == "skipped":
        return f"{name} is {skipped(writer)}"
    texts = [writer.literal(value, f"{name}_{n}") for n, value in enumerate(values)]
    if operator in ("is", "is_not"):
        text = f"{name} {'==' if operator == 'is' else '!='} {texts[0]}"
    else:
        listed = f"({', '.join(texts)}{',' * (len(texts) == 1)})"
        text = f"{name} {'in' if operator == 'in' else 'not in'} {listed}"
    # What was not made is no other value either: `!=` would not say so.
    if check.unsure and operator in ("is_not", "not_in"):
        return f"{name} is not {skipped(writer)} and {text}"
    return text
