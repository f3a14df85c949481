"""What a driver tells of its graph: variables, and pictures."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stepwell.errors import MissingExtra
from stepwell.graph import Graph
from stepwell.spec import Span
from stepwell.types import UNKNOWN, Type

if TYPE_CHECKING:
    from os import PathLike
    from pathlib import Path
    from typing import Unpack

    from stepwell.draw import Options
    from stepwell.plan import Plan


@dataclass(frozen=True, slots=True)
class Variable:
    """A node or an input, as `list_available_variables` gives it.

    Args:
        name: what it is asked for by.
        type: the type of its value; of an input, what the first step that reads it says.
        tags: metadata, from `@tag`.
        documentation: the step's docstring.
        is_external_input: whether it is given from outside, by no step.
        required_dependencies: the names that its step can't do without.
        optional_dependencies: the names that its step has defaults for.
        originating_functions: the step's function; none of an input.
        module: the dotted name of the module it is written in.
        span: where it is written.
    """

    name: str
    type: Type = UNKNOWN
    tags: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    documentation: str = ""
    is_external_input: bool = False
    required_dependencies: frozenset[str] = frozenset()
    optional_dependencies: frozenset[str] = frozenset()
    originating_functions: tuple[Callable[..., Any], ...] = ()
    module: str = ""
    span: Span | None = None


def variables(graph: Graph, names: Collection[str] | None = None) -> list[Variable]:
    """The nodes in the order written, then the inputs; only those in `names`, if given."""
    found = [
        Variable(
            node.name,
            node.type,
            dict(node.tags),
            node.doc,
            False,
            frozenset(p.reads for p in node.params if p.required),
            frozenset(p.reads for p in node.params if not p.required),
            (node.callable,) if node.callable is not None and node.kind != "field" else (),
            node.module,
            node.span,
        )
        for node in graph.nodes.values()
    ]
    found += [
        Variable(name, readers[0][1].type, is_external_input=True)
        for name, readers in graph.inputs.items()
    ]
    return [variable for variable in found if names is None or variable.name in names]


def tagged(
    found: Iterable[Variable], tag_filter: Mapping[str, str | Collection[str] | None]
) -> list[Variable]:
    """Those whose tags answer the whole filter: a value, one of several, or (`None`) any value."""

    def answers(tag: str | tuple[str, ...] | None, wanted: str | Collection[str] | None) -> bool:
        if tag is None or wanted is None:
            return tag is not None
        have = {tag} if isinstance(tag, str) else {*tag}
        return not have.isdisjoint([wanted] if isinstance(wanted, str) else wanted)

    return [
        variable
        for variable in found
        if all(answers(variable.tags.get(key), wanted) for key, wanted in tag_filter.items())
    ]


def exported(made: Plan) -> str:
    """A plan as JSON: what is given, and each node that runs, in order."""
    import json

    nodes = [
        {
            "name": node.name,
            "type": node.type.short,
            "step": node.step,
            "module": node.module,
            "documentation": node.doc,
            "tags": {**node.tags},
            "place": str(node.span) if node.span else "",
            "required_dependencies": sorted({p.reads for p in node.params if p.required}),
            "optional_dependencies": sorted({p.reads for p in node.params if not p.required}),
        }
        for node in made.nodes
    ]
    whole = {"targets": made.targets, "given": made.given, "nodes": nodes}
    return json.dumps(whole, indent=2, ensure_ascii=False)


class Picture:
    """A drawing of a graph. A notebook shows it; `str` gives Mermaid; `save` writes a file."""

    def __init__(self, graph: Graph, **options: Unpack[Options]) -> None:
        self._graph, self._options = graph, options

    def __str__(self) -> str:
        return self.mermaid()

    def mermaid(self) -> str:
        """Text that GitHub, GitLab and many editors draw."""
        from stepwell import draw

        return draw.mermaid(self._graph, **self._options)

    def dot(self) -> str:
        """Text in Graphviz's language."""
        from stepwell import draw

        return draw.dot(self._graph, **self._options)

    def svg(self) -> str:
        """An image that scales.

        Raises:
            MissingExtra: if nothing that draws is installed.
        """
        from stepwell import draw

        return draw.picture(self.dot(), format="svg").decode()

    def png(self) -> bytes:
        """An image of pixels.

        Raises:
            MissingExtra: if nothing that draws is installed.
        """
        from stepwell import draw

        return draw.picture(self.dot(), format="png")

    def save(self, path: str | PathLike[str]) -> Path:
        """Writes the file; its suffix says what: `.svg`, `.png`, `.dot`, `.mmd`, `.md`, `.html`.

        Raises:
            ValueError: if the suffix is none of these.
        """
        from pathlib import Path

        from stepwell import draw

        file = Path(path)
        makers: dict[str, Callable[[], str | bytes]] = {
            ".svg": self.svg,
            ".png": self.png,
            ".dot": self.dot,
            ".mmd": self.mermaid,
            ".md": lambda: f"```mermaid\n{self.mermaid().rstrip()}\n```\n",
            ".html": lambda: draw.html(self._graph, **self._options),
        }
        if file.suffix not in makers:
            known = ", ".join(f"`{suffix}`" for suffix in makers)
            raise ValueError(f"`{file.name}` has none of the suffixes {known}")
        made = makers[file.suffix]()
        file.write_bytes(made.encode() if isinstance(made, str) else made)
        return file

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        """An image, or where nothing that draws is installed Mermaid, which notebooks draw, too."""
        from stepwell import draw

        tree = draw.text(self._graph, **self._options)
        try:
            return {"image/svg+xml": self.svg(), "text/plain": tree}
        except MissingExtra:
            return {"text/vnd.mermaid": self.mermaid(), "text/plain": tree}
