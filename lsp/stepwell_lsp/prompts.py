"""The text of a prompt, as it is before the placeholders are filled in."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from stepwell.spec import Node, Prompt
from stepwell_lsp.positions import Text
from stepwell_lsp.snapshot import Snapshot

_LINES = 24


def prompts(snapshot: Snapshot, node: Node) -> Iterator[str]:
    """What a step asks, each prompt with its placeholders in braces; long ones are cut."""
    for prompt in node.prompts:
        template = _template(snapshot, prompt)
        if template is not None:
            lines = rendered(template).strip("\n").split("\n")
            yield "\n".join([*lines[:_LINES], "…"] if len(lines) > _LINES else lines)


def rendered(template: str) -> str:
    """A template as its reader sees it: doubled braces are one, placeholders stay.

    >>> rendered("As JSON, {{}}: {question!r}")
    'As JSON, {}: {question}'
    """

    class Kept(dict[str, str]):
        def __missing__(self, name: str) -> str:
            return f"{{{name}}}"

    try:
        return template.replace("!r}", "}").replace("!s}", "}").format_map(Kept())
    except (ValueError, AttributeError, LookupError, TypeError):
        return template  # a part of a value, or its layout: better as it is written


def _template(snapshot: Snapshot, prompt: Prompt) -> str | None:
    span = prompt.span
    written = _segment(snapshot.text(span.file), prompt)
    module = snapshot.modules.get(span.file)
    try:
        tree = ast.parse(written.strip(), mode="eval").body
    except SyntaxError:
        return None
    if isinstance(tree, ast.Name) and module:
        found = module.names.constant(tree.id)
        tree = found[1] if found else tree
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        return tree.value
    return None


def _segment(text: Text, prompt: Prompt) -> str:
    """What stands there, in brackets, so that it may take several lines."""
    span = prompt.span
    lines = [text.line(number) for number in range(span.line, span.end_line + 1)]
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = lines[0][span.column - 1 :]
    return "(" + "\n".join(lines) + ")"
