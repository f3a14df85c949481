"""What the decorators have in common that only tell an adapter how to treat a step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, ClassVar

from stepwell.errors import ModifierError
from stepwell.modifiers.arguments import Unread, short
from stepwell.modifiers.modifier import Modifier
from stepwell.spec import Node


@dataclass(frozen=True)
class Settings(Modifier):
    """Puts settings on every node that the step makes, each a tag `adapter.setting`.

    Args:
        adapter: the adapter's name.
        given: the settings; of those that are `None` there is no tag.
        least: what numbers have to be at least, by setting; `None` for more than 0.
    """

    adapter: str
    given: tuple[tuple[str, Any], ...]
    least: tuple[tuple[str, float | None], ...] = ()

    stage: ClassVar[int] = 94

    def expand(self, node: Node) -> Iterable[Node]:
        least = dict(self.least)
        tags = dict(node.tags)
        for name, given in self.given:
            if given is None:
                continue
            if name in least and not isinstance(given, Unread):
                self._check(name, given, least[name])
            tags[f"{self.adapter}.{name}"] = given if isinstance(given, tuple) else str(given)
        return (replace(node, tags=MappingProxyType(tags)),)

    def _check(self, name: str, given: Any, least: float | None) -> None:
        number = isinstance(given, int | float) and not isinstance(given, bool)
        if number and (given > 0 if least is None else given >= least):
            return
        wanted = "more than 0" if least is None else f"at least {least:g}"
        raise ModifierError(
            f"`{self.adapter}` takes a number for `{name}`, {wanted}; got `{short(given)}`",
            argument=name,
        )
