"""A plan as Python, continued: the lines of a node around which adapters do something."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from stepwell.lifecycle.dispatch import log_once

if TYPE_CHECKING:
    from stepwell.execution.text import Writer
    from stepwell.execution.work import Work
    from stepwell.lifecycle.dispatch import Hook
    from stepwell.spec import Node


class Loop(NamedTuple):
    """A loop over items.

    Args:
        source: what gives the items.
        made: the variable of the list of what was made for each item so far.
        item: the variable of the item.
    """

    source: Node
    made: str
    item: str


class Place(NamedTuple):
    """What a line of a text belongs to.

    Args:
        position: the plan's line, or -1.
        entered: how many adapters have had their turn before the step and not yet after it.
        hook: the hook that it calls, if it does.
        inner: the node that it calls within a loop over items, if it does.
        loops: the loops it is in, outermost first.
    """

    position: int
    entered: int = 0
    hook: Hook | None = None
    inner: Node | None = None
    loops: tuple[Loop, ...] = ()


def written(writer: Writer, position: int, work: Work) -> list[tuple[str, Place]]:
    """The lines of one node: before-hooks, the step within its methods, after-hooks in reverse."""
    lines: list[tuple[str, Place]] = []
    around = work.around
    local = writer.locals[work.line.slot]
    recovers = _recovers(work)
    if any("kwargs" in name for hook in work.hooks if hook is not recovers for name in hook.takes):
        entries = ", ".join(f"{name!r}: {text}" for name, text in _kwargs(writer, work))
        kwargs = writer.reserved("kwargs")
        lines.append((f"{kwargs} = {{{entries}}}", Place(position)))
    for entered, (before, _) in enumerate(around):
        if before is not None:
            call = _hook(writer, work, before)
            lines += _told(writer, before, call, Place(position, entered, before))
    inside = Place(position, len(around))
    if recovers is not None:
        lines += [(line, inside) for line in _recovered(writer, work, recovers, local)]
    else:
        call = _method(writer, work, 0, writer.reserved("kwargs")) if work.methods else ""
        value = writer.value(work.line, call or writer.call(work.line))
        lines.append((f"{local} = {value}", inside))
    for entered in reversed(range(len(around))):
        after = around[entered].after
        if after is not None:
            call = _hook(writer, work, after, success="True", error="None", result=local)
            lines += _told(writer, after, call, Place(position, entered, after))
    return lines


def _recovers(work: Work) -> Hook | None:
    """The node's one method, if it does nothing until the step fails, and can begin there.

    An adapter says so by a function `recover`, defined in the class that defines the method.
    """
    if len(work.methods) != 1 or work.node.kind != "function" or work.is_stream:
        return None
    if work.node.positional_only:
        return None
    hook = work.methods[0]
    for base in type(hook.adapter).__mro__:
        if hook.method in vars(base):
            recovers = getattr(hook.adapter, "recovers", True)
            return hook if "recover" in vars(base) and recovers else None
    return None


def _recovered(writer: Writer, work: Work, hook: Hook, local: str) -> list[str]:
    """The step's own call, which costs nothing more, and what is done if it fails."""
    entries = ", ".join(f"{name!r}: {text}" for name, text in _kwargs(writer, work))
    adapter = writer.own(_snake(type(hook.adapter).__name__), hook.adapter)
    raised = writer.reserved("raised")
    return [
        f"try: {local} = {writer.value(work.line, writer.call(work.line))}",
        f"except Exception as {raised}: {local} = {adapter}.recover("
        f"node_name={work.node.name!r}, node_callable={writer.function(work.node)}, "
        f"node_kwargs={{{entries}}}, run_id=run_id, task_id=None, error={raised})",
    ]


def _kwargs(writer: Writer, work: Work) -> list[tuple[str, str]]:
    line, name = work.line, work.node.name
    by_position = zip(work.keywords, line.args, strict=False)
    return [
        (keyword, writer.piece(piece, f"{name}_{keyword}"))
        for keyword, piece in (*by_position, *line.kwargs)
    ]


def _told(writer: Writer, hook: Hook, call: str, place: Place) -> list[tuple[str, Place]]:
    """A hook's line, or two: an observer can't fail a run."""
    if not hook.observer:
        return [(call, place)]
    raised = writer.reserved("raised")
    told = writer.own("log_once", log_once)
    named = writer.spaces.write("hooks", hook.method, hook)
    quiet = place._replace(hook=None)
    return [
        (f"try: {call}", quiet),
        (f"except Exception as {raised}: {told}({named}, {raised})", quiet),
    ]


def _hook(writer: Writer, work: Work, hook: Hook, **known: str) -> str:
    """The call of a hook; `known` has the text of some of its arguments."""
    if hook.limited:
        called = f"{writer.spaces.write('hooks', hook.method, hook)}.call"
    else:
        adapter = writer.own(_snake(type(hook.adapter).__name__), hook.adapter)
        called = f"{adapter}.{hook.method}"
    words = ", ".join(f"{name}={_word(writer, work, name, known)}" for name in hook.takes)
    call = f"{called}({words})"
    return f"await {call}" if hook.is_async and hook.event != "do_node_execute" else call


def _word(writer: Writer, work: Work, name: str, known: dict[str, str]) -> str:
    """The text of one thing that a hook asks for."""
    node = work.node
    if name in known:
        return known[name]
    if name in ("kwargs", "node_kwargs"):
        return writer.reserved("kwargs")
    if name == "run_id":
        return "run_id"
    if name == "task_id":
        return writer.task_id
    if name == "node_name":
        return repr(node.name)
    if name == "node_input_types":
        return writer.spaces.write("types", f"of_{node.name}", work.facts[name])
    written = writer.spaces.write("nodes", node.name, node)
    attribute = {"node_tags": ".tags", "node_return_type": ".type", "node_": ""}
    return f"{written}{attribute[name]}" if name in attribute else repr(work.facts[name])


def _method(writer: Writer, work: Work, depth: int, kwargs: str) -> str:
    """The call of a method, those nested in it as lambdas."""
    given = writer.reserved("given")
    if depth + 1 < len(work.methods):
        inner = f"lambda **{given}: {_method(writer, work, depth + 1, given)}"
    elif work.node.positional_only:
        inner = writer.spaces.write(work.node.module, f"{work.node.name}_", work.by_keyword)
    else:
        inner = writer.function(work.node)
    known = {"node_callable": inner, "node_kwargs": kwargs, "kwargs": kwargs}
    hook = work.methods[depth]
    if "node_" in hook.takes:
        node = writer.spaces.write("nodes", work.node.name, work.node)
        known["node_"] = f"{writer.own('replace', replace)}({node}, callable={inner})"
    return _hook(writer, work, hook, **known)


def _snake(name: str) -> str:
    import re

    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
