"""`tag_outputs`: metadata on some of the nodes that a step makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from stepwell.errors import ModifierError
from stepwell.modifiers.arguments import chosen, short
from stepwell.modifiers.modifier import Modifier, Reading
from stepwell.modifiers.tagged import Tagged
from stepwell.spec import Node


@dataclass(frozen=True)
class TaggedOutputs(Modifier):
    """Puts tags on the nodes of these names."""

    outputs: Mapping[str, Any]

    stage: ClassVar[int] = 91

    def apply(self, nodes: Sequence[Node], reading: Reading) -> Iterable[Node]:
        if not self.outputs:
            raise ModifierError("`tag_outputs` needs the tags of at least one node: `name={…}`")
        chosen(nodes, self.outputs)
        return [made for node in nodes for made in self._tagged(node)]

    def _tagged(self, node: Node) -> Iterable[Node]:
        tags = self.outputs.get(node.name)
        if tags is None:
            return (node,)
        if not isinstance(tags, Mapping):
            raise ModifierError(
                f"`{node.name}` takes a dict of tags; got `{short(tags)}`", argument=node.name
            )
        return Tagged(tags).expand(node)


def tag_outputs(**outputs: Mapping[str, str | list[str]]) -> TaggedOutputs:
    """Metadata on the nodes of these names, of all that the step makes.

    >>> from stepwell.modifiers import extract_fields
    >>> @tag_outputs(title={"shown": "yes"}, body={"shown": "no"})
    ... @extract_fields("title", "body")
    ... def document(path: str) -> dict[str, str]: ...
    """
    return TaggedOutputs(outputs)
