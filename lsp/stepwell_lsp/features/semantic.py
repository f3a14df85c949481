"""Parameters that read a step, an input or a config key, each in a colour of its own."""

from __future__ import annotations

from lsprotocol import types

from stepwell.graph import Graph
from stepwell.spec import Span
from stepwell_lsp.places import Place
from stepwell_lsp.positions import units
from stepwell_lsp.renaming import conditions, text_at
from stepwell_lsp.snapshot import Snapshot

STEP, INPUT, CONFIG = range(3)
LEGEND = types.SemanticTokensLegend(
    # Standard names: every theme has colours for them.
    token_types=["function", "parameter", "enumMember"],
    token_modifiers=["declaration"],
)


def semantic_tokens(
    snapshot: Snapshot, file: str, shown: types.Range | None = None
) -> types.SemanticTokens:
    """The names of a file that mean something to a pipeline; of some lines alone, if asked."""
    first, last = (shown.start.line + 1, shown.end.line + 1) if shown else (1, 1 << 31)
    keys = {id(made.graph): _keys(made.graph) for made in snapshot.pipelines}
    found: dict[tuple[int, int], tuple[int, int, int]] = {}
    for place in snapshot.between(file, first, last):
        if first <= place.span.line <= last:
            _add(snapshot, place.span, _kind(place, keys[id(place.graph)]), place.role, found)
    for span in conditions(snapshot, file):
        if first <= span.line <= last:
            _add(snapshot, span, CONFIG, "config", found)
    return types.SemanticTokens(_relative(found))


def _keys(graph: Graph) -> set[str]:
    given = {mention.name for mention in graph.mentions if mention.role == "config"}
    asked = {condition.key for node in graph.wiring.conditional for condition in node.when}
    return given | asked | set(graph.config or ())


def _kind(place: Place, keys: set[str]) -> int:
    if place.name in place.graph.nodes:
        return STEP
    return CONFIG if place.name in keys else INPUT


def _add(
    snapshot: Snapshot,
    span: Span,
    kind: int,
    role: str,
    found: dict[tuple[int, int], tuple[int, int, int]],
) -> None:
    word = text_at(snapshot, span)
    if word:  # an editor wants a token on one line
        start = snapshot.range(span).start
        length = units(word, snapshot.encoding)
        found.setdefault((start.line, start.character), (length, kind, int(role == "step")))


def _relative(found: dict[tuple[int, int], tuple[int, int, int]]) -> list[int]:
    """Five numbers for each token: its place after the one before, and what it is."""
    data: list[int] = []
    line = character = 0
    for (row, column), token in sorted(found.items()):
        data += [row - line, column - character if row == line else column, *token]
        line, character = row, column
    return data
