"""Facts whose text stands some lines further down or up than when they were read."""

from __future__ import annotations

from dataclasses import replace

from stepwell.read.source.steps import Facts
from stepwell.spec import Body, Node, Param, Prompt, Span


def moved(facts: Facts, lines: int) -> Facts:
    """The same facts, `lines` further down."""
    if not lines:
        return facts
    return Facts(
        [_node(node, lines) for node in facts.nodes],
        [replace(each, span=_span(each.span, lines)) for each in facts.problems],
        [each._replace(span=_span(each.span, lines)) for each in facts.holes],
        facts.steps,
        facts.modified,
        [_node(node, lines) for node in facts.private],
    )


def _span(span: Span | None, lines: int) -> Span | None:
    return None if span is None else _down(span, lines)


def _down(span: Span, lines: int) -> Span:
    file, line, column, end_line, end_column = span
    return Span(file, line + lines, column, end_line + lines, end_column)


def _node(node: Node, lines: int) -> Node:
    # A line more on top moves every step of a file: the fields are given one by one, since
    # `replace` takes several times as long.
    body, span = node.body, node.span
    return Node(
        node.name,
        node.type,
        tuple([_param(each, lines) for each in node.params]),
        node.doc,
        node.tags,
        node.kind,
        node.step,
        node.module,
        None if span is None else _down(span, lines),
        node.bound,
        node.when,
        tuple([_prompt(each, lines) for each in node.prompts]) if node.prompts else (),
        None if body is None else Body(body[0] + lines, *body[1:]),
        node.stale,
        node.callable,
        node.part_of,
    )


def _param(param: Param, lines: int) -> Param:
    keyword, reads, type, required, span, only, key, guard = param
    place = None if span is None else _down(span, lines)
    return Param(keyword, reads, type, required, place, only, key, guard)


def _prompt(prompt: Prompt, lines: int) -> Prompt:
    return Prompt(
        tuple([(name, _down(span, lines)) for name, span in prompt.placeholders]),
        tuple([(name, _down(span, lines)) for name, span in prompt.given]),
        _down(prompt.span, lines),
    )
