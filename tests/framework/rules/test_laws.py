"""What holds of all rules on any graph: no graph makes them raise, and each answer is one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from operator import itemgetter
from typing import Any

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st

from stepwell.diagnostic import Diagnostic
from stepwell.graph import Graph
from stepwell.rules import RULES, Checker, check, errors
from stepwell.spec import (
    Body,
    Call,
    Condition,
    Default,
    Guard,
    Hole,
    Mention,
    Node,
    Param,
    Prompt,
    Reference,
    Span,
)
from stepwell.spelling import Spellings
from stepwell.types import ANY, NONE, UNKNOWN, UNREADABLE, Type, from_text
from stepwell.wiring import Wiring

NAMES = st.sampled_from(["answer", "anwser", "title", "titel", "a", "b", "c", "", "ü"])
SPANS = st.none() | st.builds(
    Span, st.sampled_from(["a.py", "b.py"]), st.integers(1, 9), st.integers(1, 9), st.integers(0, 9)
)
PLACES = st.builds(Span, st.just("a.py"), st.integers(1, 9))
TYPES = st.sampled_from(
    [
        *(UNKNOWN, UNREADABLE, ANY, NONE, Type("elsewhere.Page")),
        *map(from_text, ["int", "str", "list[int]", "list[int | None]", "Literal['a']"]),
    ]
)
VALUED = st.lists(st.sampled_from(["a", 1, None, object, True]), max_size=2).map(tuple)
GUARDS = st.builds(
    Guard, st.sampled_from(["is", "is_not", "in", "not_in", "skipped", "rest"]), VALUED
)
PARAMS = st.builds(
    Param,
    NAMES,
    NAMES,
    TYPES,
    st.booleans(),
    SPANS,
    st.booleans(),
    st.none() | st.integers(0, 2),
    st.none() | st.none() | GUARDS,
)
CONDITIONS = st.builds(
    Condition,
    st.sampled_from(["mode", ""]),
    st.sampled_from(["is", "is_not", "in", "not_in", "default"]),
    VALUED,
)
SPOTS = st.lists(st.tuples(NAMES, PLACES), max_size=2).map(tuple)
CALLED = st.sampled_from(
    [
        *("", "a.b", "openai.OpenAI", "stepwell.llm.metered", "time.sleep", "|", "&"),
        *("tenacity.retry", "tenacity.stop_after_attempt", "tenacity.retry_if_exception_type"),
        *("tenacity.retry_if_not_exception_type", "stamina.retry", "backoff.on_exception"),
    ]
)
WRITTEN = st.sampled_from(["", "client.responses.create", "a", "b.c"])
KEYWORDS = st.sampled_from(["stop", "retry", "on", "model", "max_retries", "max_tries", "**"])
LITERALS = st.none() | st.integers(-1, 3) | st.sampled_from(["gpt-4o-mnii", "", ()])


def _calls(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Call]:
    given = st.lists(st.tuples(KEYWORDS, values), max_size=2).map(tuple)
    args = st.lists(values, max_size=2).map(tuple)
    flags = st.booleans(), st.booleans(), st.booleans()
    return st.builds(Call, CALLED, WRITTEN, PLACES, args, given, *flags)


VALUES = st.recursive(LITERALS | st.builds(Reference, CALLED), _calls, max_leaves=2)
CALLS = st.lists(_calls(VALUES), max_size=1).map(tuple)
BODIES = st.builds(
    Body,
    st.integers(1, 9),
    st.frozensets(NAMES, max_size=3),
    CALLS,
    CALLS,
    st.lists(st.tuples(NAMES, _calls(VALUES)), max_size=1).map(tuple),
    st.lists(st.builds(Default, NAMES, LITERALS, PLACES), max_size=2).map(tuple),
    st.none() | st.lists(st.lists(NAMES, max_size=2).map(tuple), max_size=2).map(tuple),
    st.booleans(),
)
NODES = st.builds(
    Node,
    NAMES,
    TYPES,
    st.lists(PARAMS, max_size=3).map(tuple),
    kind=st.sampled_from(["function", "coroutine", "generator", "field", "join"]),
    span=SPANS,
    when=st.lists(CONDITIONS, max_size=2).map(tuple),
    prompts=st.lists(st.builds(Prompt, SPOTS, SPOTS, PLACES), max_size=1).map(tuple),
    step=NAMES,
    body=st.none() | BODIES,
    callable=st.none() | NAMES.map(itemgetter),
    stale=st.booleans(),
)
PROBLEMS = st.builds(
    Diagnostic, st.sampled_from(["SW001", "SW301"]), st.just("name"), st.just("message"), span=SPANS
)
BUILT = st.builds(
    Graph,
    st.lists(NODES, max_size=6),
    config=st.none() | st.just({"mode": "a"}),
    inputs=st.none() | st.lists(NAMES, max_size=2),
    mentions=st.lists(
        st.builds(
            Mention, NAMES, st.sampled_from(["target", "override", "input", "config"]), SPANS
        ),
        max_size=2,
    ),
    holes=st.lists(st.just(Hole("more may come")), max_size=1),
    problems=st.lists(PROBLEMS, max_size=2),
    private=st.lists(NODES, max_size=1),
    absent=st.lists(NODES, max_size=1),
)


@st.composite
def _graphs(draw: st.DrawFn) -> Graph:
    graph = draw(BUILT)
    graph.asked = draw(st.none() | st.frozensets(NAMES, max_size=2))
    graph.configs = draw(st.none() | st.just(()) | st.just(({"mode": "a"}, {"mdoe": object()})))
    return graph


GRAPHS = _graphs()


@st.composite
def _edits(draw: st.DrawFn) -> list[list[Node]]:
    """The nodes of a graph, and what becomes of them with one edit after the other."""
    written = draw(st.lists(NODES, min_size=1, max_size=9))
    states = [written]
    for _ in range(draw(st.integers(1, 3))):
        written = list(written)
        start = draw(st.integers(0, len(written)))
        end = draw(st.integers(start, min(start + 2, len(written))))
        written[start:end] = draw(st.lists(NODES, max_size=2))
        if draw(st.booleans()) and written:  # a step moves
            written.insert(draw(st.integers(0, len(written) - 1)), written.pop())
        states.append(written)
    return states


INDEXES = [name for name, kind in vars(Wiring).items() if isinstance(kind, cached_property)]


@settings(deadline=None)
@given(GRAPHS)
def test_no_graph_makes_a_rule_raise(graph: Graph) -> None:
    found = check(graph)

    assert found == check(graph)
    assert {each.code for each in found} <= {rule.code for rule in RULES}
    assert all(each.message for each in found)


@settings(deadline=None)
@given(GRAPHS)
def test_errors_are_those_that_check_finds(graph: Graph) -> None:
    assert errors(graph) == [found for found in check(graph) if found.severity == "error"]


@settings(deadline=None)
@given(GRAPHS)
def test_where_more_names_may_come_from_no_name_is_missed(graph: Graph) -> None:
    if graph.holes:
        assert not {"SW101", "SW102", "SW105"} & {found.code for found in check(graph)}


@settings(deadline=None)
@given(GRAPHS)
def test_a_cycle_is_reported_exactly_where_there_is_one(graph: Graph) -> None:
    """Conditions and broken text aside, which may keep its steps apart."""
    plain = [node for node in graph.written if not node.when]
    graph = Graph(plain)

    assert bool(graph.cycle()) == any(found.code == "SW104" for found in check(graph))


@settings(deadline=None, max_examples=300)
@given(_edits(), GRAPHS)
def test_after_an_edit_all_is_as_if_nothing_had_been_there(
    states: list[list[Node]], around: Graph
) -> None:
    """What is carried over from one state to the next, and what is not asked again."""

    def graph(written: list[Node], before: Graph | None = None) -> Graph:
        made = Graph(
            written,
            config=around.config,
            inputs=around.known_inputs,
            mentions=around.mentions,
            private=around.private,
            before=before,
        )
        made.asked, made.configs = around.asked, around.configs
        return made

    checker, before = Checker(), None
    for written in states:
        before, fresh = graph(written, before), graph(written)
        assert checker.check(before) == check(fresh)
        assert checker.check(before) == check(fresh)
        for name in INDEXES:
            assert _form(getattr(before.wiring, name)) == _form(getattr(fresh.wiring, name)), name
        for name in before.about:
            assert before.upstream([name]) == fresh.upstream([name])
            assert before.downstream([name]) == fresh.downstream([name])


def _form(index: Any) -> Any:
    """Nodes by what they are: their equality leaves out their places."""
    if isinstance(index, Spellings):
        return index.names
    if isinstance(index, nx.DiGraph):
        return sorted(index.nodes), sorted(index.edges)
    if isinstance(index, Mapping):
        return {key: _form(each) for key, each in index.items()}
    if isinstance(index, list | tuple):
        return [_form(each) for each in index]
    return (repr(index), id(index.body)) if isinstance(index, Node) else index
