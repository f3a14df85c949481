"""What the drivers of a workspace ask for, taken together."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from stepwell.graph import Graph
from stepwell.read.uses import Known, Use, tell
from stepwell.spec import Node, Param, Span

FILES = ["a.py", "b.py", "c.py", "d.py"]
NAMES = ["one", "two", "three", "four"]
NODES = st.builds(
    lambda name, reads, file: Node(
        name, params=tuple(Param(each, each) for each in reads), span=file and Span(file, 1)
    ),
    st.sampled_from(NAMES),
    st.lists(st.sampled_from(NAMES), max_size=2),
    st.none() | st.sampled_from(FILES),
)
USES = st.builds(
    lambda nodes, absent, files, targets: Use(Graph(nodes, absent=absent), files, targets),
    st.lists(NODES, max_size=4),
    st.lists(NODES, max_size=1),
    st.frozensets(st.sampled_from(FILES), max_size=3),
    st.frozensets(st.sampled_from(NAMES), max_size=2),
)


def asked(use: Use, uses: list[Use]) -> set[str] | None:
    """The same by its meaning: of each pipeline, a look at each that shares a file with it."""
    near = [each for each in uses if each.files & use.files]
    names = {name for each in near for name in each.targets or ()}
    if not names:
        return None
    for other in near:
        if not other.files <= use.files:
            for node in (*other.graph.written, *other.graph.absent):
                if node.span is None or node.span.file not in use.files:
                    names |= {param.reads for param in node.params}
    return names & use.graph.about.keys()


@settings(deadline=None)
@given(st.lists(USES, max_size=5))
def test_each_is_told_what_those_that_share_a_file_with_it_ask_for_and_read(
    uses: list[Use],
) -> None:
    tell(uses, Known([]))

    for use in uses:
        assert use.graph.asked == asked(use, uses)
