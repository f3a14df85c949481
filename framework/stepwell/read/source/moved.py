"""Facts whose text stands some lines further down or up than when they were read."""

from __future__ import annotations

from dataclasses import replace

from stepwell.read.source.steps import Facts
from stepwell.spec import Node, Prompt, Span


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
    return span._replace(line=span.line + lines, end_line=span.end_line + lines)


def _node(node: Node, lines: int) -> Node:
    body = node.body
    return replace(
        node,
        body=None if body is None else body._replace(line=body.line + lines),
        span=_span(node.span, lines),
        params=tuple([each._replace(span=_span(each.span, lines)) for each in node.params]),
        prompts=tuple([_prompt(each, lines) for each in node.prompts]),
    )


def _prompt(prompt: Prompt, lines: int) -> Prompt:
    return Prompt(
        tuple((name, _down(span, lines)) for name, span in prompt.placeholders),
        tuple((name, _down(span, lines)) for name, span in prompt.given),
        _down(prompt.span, lines),
    )
