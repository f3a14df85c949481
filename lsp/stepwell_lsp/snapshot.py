"""A workspace as it is at one moment: texts, pipelines, findings. It never changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

from lsprotocol import types

from stepwell.diagnostic import Diagnostic
from stepwell.graph import Graph
from stepwell.read.pipelines import Pipeline
from stepwell.read.source import Module
from stepwell.read.source.chunks import Chunk
from stepwell.spec import Span
from stepwell_lsp.documents import Document, uri_of
from stepwell_lsp.figures import Figures
from stepwell_lsp.places import Place, covers, files, in_file, of_name, on_lines, once
from stepwell_lsp.positions import UTF16, Text


@dataclass(frozen=True)
class Snapshot:
    """What is known of a workspace at one moment.

    Args:
        texts: the text of every file, by the name that spans use.
        pipelines: every pipeline of the workspace.
        findings: what the rules found, by file; each file that was looked at has an entry.
        documents: the open buffers, by file.
        encoding: the units that the client counts columns in.
        modules: what was read of each file that can matter to a pipeline.
        figures: what the last runs did, as far as that is recorded.
    """

    texts: Mapping[str, Text] = field(default_factory=dict)
    pipelines: tuple[Pipeline, ...] = ()
    findings: Mapping[str, tuple[Diagnostic, ...]] = field(default_factory=dict)
    documents: Mapping[str, Document] = field(default_factory=dict)
    encoding: str = UTF16
    modules: Mapping[str, Module] = field(default_factory=dict)
    figures: Figures = field(default_factory=Figures)

    def text(self, file: str) -> Text:
        """The text of a file; an empty one where the file is not known."""
        return self.texts.get(file) or Text("")

    def chunks(self, file: str) -> list[Chunk]:
        """The top-level statements of a file with their trees; of an unknown file, none."""
        module = self.modules.get(file)
        return module.chunks(self.text(file).source) if module else []

    def uri(self, file: str) -> str:
        """The URI of a file, spelt as the client spells it if it has the file open."""
        document = self.documents.get(file)
        return document.uri if document else uri_of(file)

    def version(self, file: str) -> int | None:
        """The client's number of the text that was read; `None` where it has no buffer."""
        document = self.documents.get(file)
        return document.version if document else None

    def range(self, span: Span) -> types.Range:
        """The client's range of a span."""
        return self.text(span.file).range(span, self.encoding)

    def location(self, span: Span) -> types.Location:
        """The client's location of a span."""
        return types.Location(self.uri(span.file), self.range(span))

    def graphs_of(self, file: str) -> tuple[Graph, ...]:
        """The pipelines that have something written in this file."""
        return tuple(
            made.graph
            for made in self.pipelines
            if (made.span and made.span.file == file) or file in files(made.graph)
        )

    def places(self, file: str) -> Iterator[Place]:
        """Every name that is written in this file, pipeline by pipeline."""
        return chain.from_iterable(in_file(made.graph, file) for made in self.pipelines)

    def between(self, file: str, first: int, last: int) -> Iterator[Place]:
        """Every name that is written on these lines of a file, pipeline by pipeline."""
        return chain.from_iterable(
            on_lines(made.graph, file, first, last) for made in self.pipelines
        )

    def at(self, file: str, position: types.Position) -> list[Place]:
        """The names under a cursor: several where a modifier or several pipelines read one word."""
        line, column = self.text(file).place(position, self.encoding)
        found = self.between(file, line, line)
        return [place for place in found if covers(place.span, line, column)]

    def same(self, found: list[Place]) -> list[Place]:
        """Every place that means what one of `found` means, each once."""
        meant = {(id(place.graph), place.name): place for place in found}
        return once(place for known in meant.values() for place in of_name(known.graph, known.name))
