"""Another name for a step, an input or a config key, wherever a pipeline writes it."""

from __future__ import annotations

from keyword import iskeyword
from typing import NamedTuple

from lsprotocol import types

from stepwell.diagnostic import Edit, Fix
from stepwell.graph import Graph
from stepwell.read.source.chunks import Places
from stepwell.read.source.steps import functions
from stepwell.spec import Span
from stepwell_lsp import scopes
from stepwell_lsp.features.code_action import edit
from stepwell_lsp.places import Place, covers, files, in_file, of_name, once
from stepwell_lsp.renaming import Refused, Renaming, conditions, place_of, text_at, within
from stepwell_lsp.snapshot import Snapshot

__all__ = ["Refused", "prepare", "rename"]

_MANY = 500  # places of a name


class Meant(NamedTuple):
    """What a person means by the word under the cursor: a name, and the pipelines that know it.

    `known` are all pipelines of the workspace.
    """

    name: str
    word: Span
    graphs: tuple[Graph, ...]
    known: tuple[Graph, ...]


def prepare(
    snapshot: Snapshot, file: str, position: types.Position
) -> types.PrepareRenamePlaceholder:
    """The word that would be renamed.

    Raises:
        Refused: if it can't be.
    """
    meant = _meant(snapshot, file, position)
    # What stands in the way is told at once, save where it takes long to look for.
    if sum(1 for graph in meant.graphs for _ in of_name(graph, meant.name)) <= _MANY:
        _edits(snapshot, meant, _unused(meant))
    return types.PrepareRenamePlaceholder(snapshot.range(meant.word), meant.name)


def rename(
    snapshot: Snapshot, file: str, position: types.Position, new: str
) -> types.WorkspaceEdit:
    """The edits that give the name under the cursor the `new` one everywhere, to be undone as one.

    These are the function's name, every parameter that reads it with its uses in the body, names in
    strings (`execute([...])`, `inputs`, `overrides`, `source("…")`, fields, prompts,
    `pyproject.toml`), config keys, and what imports or calls the function.

    Raises:
        Refused: if the name can't be changed, or would capture another.
    """
    meant = _meant(snapshot, file, position)
    _allowed(new)
    if new == meant.name:
        return types.WorkspaceEdit()
    return edit(snapshot, Fix(f"Rename to `{new}`", tuple(_edits(snapshot, meant, new))))


def _edits(snapshot: Snapshot, meant: Meant, new: str) -> list[Edit]:
    graphs = _sharing(meant)
    for graph in graphs:
        _not_taken(graph, new)
    places = once(place for graph in graphs for place in of_name(graph, meant.name))
    keyed = (graph for graph in graphs if _has_key(graph, meant.name))
    conditional = {file for graph in keyed for file in files(graph)}
    return Renaming(snapshot, meant.name, new).edits(places, conditional=conditional)


def _meant(snapshot: Snapshot, file: str, position: types.Position) -> Meant:
    line, column = snapshot.text(file).place(position, snapshot.encoding)
    known = tuple(wholes(snapshot))
    graphs = [graph for graph in known if file in files(graph)]
    here = [place for graph in graphs for place in in_file(graph, file)]
    found = [
        place
        for place in here
        if covers(place.span, line, column)
        and text_at(snapshot, place.span).partition("__")[0] == place.name
    ] or _in_body(snapshot, file, line, column, here)
    if found:
        place = found[0]
        same = [each for each in found if each.name == place.name]
        end = place.span.column + len(place.name)
        word = place.span._replace(end_column=end)
        return Meant(place.name, word, tuple(each.graph for each in same), known)
    key = within(conditions(snapshot, file), line, column)
    if key is None:
        raise Refused("no step, input or config key of a pipeline is named here")
    name = text_at(snapshot, key)
    return Meant(name, key, tuple(graph for graph in graphs if _has_key(graph, name)), known)


def wholes(snapshot: Snapshot) -> list[Graph]:
    """The pipelines with all alternatives of their steps, whatever config chooses among them."""
    found = []
    for made in snapshot.pipelines:
        nodes = {id(node): node for module in made.modules for node in module.nodes}
        if nodes.keys() - {id(node) for node in made.graph.written}:
            nodes |= {id(node): node for node in made.graph.written}
            found.append(Graph(nodes.values(), mentions=made.graph.mentions))
        else:
            found.append(made.graph)
    return found


def _has_key(graph: Graph, key: str) -> bool:
    return any(condition.key == key for node in graph.written for condition in node.when)


def _in_body(
    snapshot: Snapshot, file: str, line: int, column: int, known: list[Place]
) -> list[Place]:
    """The parameter that is used under the cursor, as if it stood there itself."""
    for chunk in snapshot.chunks(file):
        if not chunk.line <= line <= chunk.line + chunk.text.count("\n"):
            continue
        places = Places(file, chunk)
        for function in functions(chunk.body or ()):
            for given in scopes.parameters(function):
                word = _use(function, given.arg, places, line, column)
                own = places.word(given, given.arg)
                if word:
                    return [place._replace(span=word) for place in known if place.span == own]
    return []


def _use(
    function: scopes.Function, name: str, places: Places, line: int, column: int
) -> Span | None:
    try:
        return within(scopes.uses(function, name, places), line, column)
    except (scopes.Unclear, RecursionError):
        return None


def _sharing(meant: Meant) -> list[Graph]:
    """These pipelines, and all that share a place of the name with one of them."""
    graphs = list({id(graph): graph for graph in meant.graphs}.values())
    spans = {place.span for graph in graphs for place in of_name(graph, meant.name)}
    waiting = [graph for graph in meant.known if graph not in graphs]
    grown = True
    while grown:
        grown = False
        for graph in list(waiting):
            theirs = {place.span for place in of_name(graph, meant.name)}
            if theirs & spans:
                spans |= theirs
                graphs.append(graph)
                waiting.remove(graph)
                grown = True
    return graphs


def _allowed(new: str) -> None:
    if not new.isidentifier():
        raise Refused(f"`{new}` is no name in Python")
    if iskeyword(new):
        raise Refused(f"`{new}` is a keyword of Python; try `{new}_`")
    if new.startswith("_"):
        raise Refused(f"names that start with `_` are private: `{new}` would be no step")


def _not_taken(graph: Graph, new: str) -> None:
    node = graph.nodes.get(new)
    if node is not None:
        where = f" ({place_of(node.span)})" if node.span else ""
        raise Refused(f"`{new}` is the name of another step{where}")
    readers = graph.inputs.get(new)
    if readers:
        reader, param = readers[0]
        where = f" ({place_of(param.span)})" if param.span else ""
        raise Refused(f"`{new}` is an input that `{reader.name}` reads{where}")
    if _has_key(graph, new) or any(mention.name == new for mention in graph.mentions):
        raise Refused(f"`{new}` is a name that the pipeline is given or asked for already")


def _unused(meant: Meant) -> str:
    """A name that nothing has, to look for the edits with."""
    return meant.name + "_of_no_other_step"
