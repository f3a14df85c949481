"""Metadata on nodes: `tag`, `tag_outputs`, `schema`, `cache`, `ray_remote_options`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from stepwell.compat.hamilton.function_modifiers.base import InvalidDecoratorException
from stepwell.modifiers import tag_outputs as tag_outputs
from stepwell.modifiers.arguments import Unread, chosen, ends, short
from stepwell.modifiers.cached import Cached
from stepwell.modifiers.modifier import Modifier, Reading
from stepwell.modifiers.schema import Schema
from stepwell.modifiers.tagged import Tagged
from stepwell.spec import Node

RESERVED = ("hamilton", "data_quality", "gdpr", "ccpa", "dag", "module", "ray_remote")
"""What the key of a tag may not begin with."""


@dataclass(frozen=True)
class On(Modifier):
    """Applies a modifier to some of the nodes that a step makes.

    `target` is a name, several, `...` for all, or `None` for those that no other of them reads.
    """

    modifier: Modifier
    target: Any

    stage: ClassVar[int] = 90

    def apply(self, nodes: Sequence[Node], reading: Reading) -> Iterable[Node]:
        wanted = {id(node) for node in selected(nodes, self.target)}
        return [
            made
            for node in nodes
            for made in (self.modifier.expand(node) if id(node) in wanted else (node,))
        ]


def selected(nodes: Sequence[Node], target: Any) -> Iterable[Node]:
    """The nodes that a `target_` means."""
    if target is ...:
        return nodes
    if target is None:
        return ends(nodes)
    return chosen(nodes, (target,) if isinstance(target, str) else target)


def tag(
    *, target_: Any = None, bypass_reserved_namespaces_: bool = False, **tags: str | list[str]
) -> Modifier:
    """Metadata on a step's nodes: a text, or several, for each key.

    Args:
        target_: the node, or nodes, to tag; those that no other of the step's reads where it is not
            said, all where it is `...`.
        bypass_reserved_namespaces_: allow keys that begin as the framework's own do.
        tags: keys may have dots.

    Raises:
        InvalidDecoratorException: if a key or a value can't be one.
    """
    for key, value in tags.items():
        first, *_ = parts = key.split(".")
        if not all(part.isidentifier() for part in parts):
            raise InvalidDecoratorException(f"`{key}` can't be the key of a tag", argument=key)
        if first in RESERVED and not bypass_reserved_namespaces_:
            raise InvalidDecoratorException(
                f"`{key}` can't be the key of a tag: `{first}` is reserved", argument=key
            )
        _check_value(key, value)
    return On(Tagged(tags), target_)


def _check_value(key: str, value: Any) -> None:
    if isinstance(value, Unread):
        return
    texts = [value] if isinstance(value, str) else value
    if (
        not isinstance(texts, list)
        or not texts
        or not all(isinstance(each, str) for each in texts)
        or len(set(texts)) != len(texts)
    ):
        raise InvalidDecoratorException(
            f"tag `{key}` takes a string or a list of different strings; got `{short(value)}`",
            argument=key,
        )


class schema:  # noqa: N801 — the name that its users write
    """What a step's frame holds, written down beside it."""

    INTERNAL_SCHEMA_OUTPUT_KEY = "hamilton.internal.schema_output"

    @staticmethod
    def output(*fields: tuple[str, str], target_: str | None = None) -> Modifier:
        """The columns of the frame that the step returns, each with its type."""
        return On(Schema(fields), target_)


def cache(
    *, behavior: str | None = None, format: str | None = None, target_: Any = ...
) -> Modifier:
    """What is to be done with the step's result: kept, made anew each time, or left out."""
    return On(Cached(behavior or "default", format), target_)


def ray_remote_options(**kwargs: int | Mapping[str, int]) -> Modifier:
    """What Ray is told of a task, as the tags `ray_remote.…`."""
    return On(Tagged({f"ray_remote.{key}": str(value) for key, value in kwargs.items()}), ...)
