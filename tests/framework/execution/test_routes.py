"""Routes: which steps are taken is decided in the run, alike in every loop."""

from __future__ import annotations

import asyncio
import pickle
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepwell import (
    SKIPPED,
    Builder,
    Driver,
    StepFinished,
    StepSkipped,
    Stream,
    otherwise,
    when,
)
from stepwell.execution.inline import HOT
from stepwell.lifecycle import NodeExecutionHook
from stepwell.testing import graph_of, module_of


class Heard(NodeExecutionHook):
    """Which nodes hooks were told of."""

    def __init__(self) -> None:
        self.nodes: list[str] = []

    def run_before_node_execution(self, *, node_name: str, **future_kwargs: Any) -> None:
        self.nodes.append(node_name)


@st.composite
def routed(draw: st.DrawFn) -> str:
    """A module of up to eight steps that read, may read, and are guarded by earlier ones."""
    lines = ["from stepwell import when, when_in, when_not, when_not_in, otherwise"]
    made: list[str] = []
    for number in range(draw(st.integers(1, 8))):
        before = st.sampled_from(made) if made else st.nothing()
        router = draw(before | st.just("x"))
        name = f"n{number}"
        kind = draw(st.sampled_from(["plain", "guarded", "alternatives"]))
        suffixes, guards = [""], [[]]
        if kind == "guarded":
            operator = draw(st.sampled_from(["when", "when_not"]))
            guards = [[f"@{operator}({router}={draw(st.integers(0, 2))})"]]
            if draw(st.booleans()):
                other = draw(before | st.just("x"))
                listed = draw(st.lists(st.integers(0, 2), min_size=1, max_size=2))
                guards[0].append(
                    f"@{draw(st.sampled_from(['when_in', 'when_not_in']))}({other}={listed})"
                )
        elif kind == "alternatives":
            count = draw(st.integers(1, 3))
            suffixes = [f"__a{each}" for each in range(count)]
            guards = [[f"@when({router}={each})"] for each in range(count)]
            if draw(st.booleans()):
                suffixes.append(draw(st.sampled_from(["__rest", ""])))
                guards.append(["@otherwise"])
        for suffix, decorators in zip(suffixes, guards, strict=True):
            needed = draw(st.lists(before, unique=True, max_size=2)) if made else []
            wanted = draw(st.lists(before, unique=True, max_size=1)) if made else []
            wanted = [each for each in wanted if each not in needed]
            params = [f"{each}: int" for each in needed]
            params += [f"{each}: int = 7" for each in wanted]
            total = " + ".join([*needed, *wanted, str(draw(st.integers(0, 2)))])
            lines += decorators
            lines.append(f"{{start}} {name}{suffix}({', '.join(params)}) -> int:")
            lines.append(f"    {{wait}}return ({total}) % 3\n")
        made.append(name)
    return "\n".join(lines)


def steps(text: str, *, awaited: bool = False) -> list[Callable[..., Any]]:
    start, wait = ("async def", "") if awaited else ("def", "")
    names: dict[str, Any] = {}
    exec(text.format(start=start, wait=wait), names)
    return [each for name, each in names.items() if name[:1] == "n"]


def by_hand(dr: Driver, x: int) -> dict[str, Any]:
    """What every node comes to where all that can be made is made, in the order written."""
    values: dict[str, Any] = {"x": x}

    def value(name: str) -> Any:
        if name not in values:
            values[name] = _made(dr, name, value)
        return values[name]

    return {name: value(name) for name in dr.graph.nodes}


def _made(dr: Driver, name: str, value: Callable[[str], Any]) -> Any:
    node = dr.graph.nodes[name]
    if node.kind == "join":
        every = [value(param.reads) for param in node.params]
        return next((each for each in every if each is not SKIPPED), SKIPPED)
    for param in node.guards:
        assert param.guard is not None
        found, (operator, wanted) = value(param.reads), param.guard
        if operator == "skipped":
            if found is not SKIPPED:
                return SKIPPED
        elif found is SKIPPED or (found in wanted) != (operator in ("is", "in")):
            return SKIPPED
    given = {param.keyword: value(param.reads) for param in node.arguments}
    if any(given[param.keyword] is SKIPPED for param in node.arguments if param.required):
        return SKIPPED
    assert node.callable is not None
    return node.callable(**{k: v for k, v in given.items() if v is not SKIPPED})


@settings(max_examples=150, deadline=None)
@given(routed(), st.integers(0, 2), st.data())
def test_all_loops_take_the_same_routes(text: str, x: int, data: st.DataObject) -> None:
    """Inline, compiled, hooked, on threads, on asyncio and streamed: as evaluated by hand."""
    plain = module_of(*steps(text))
    inline = Driver({}, plain)
    names = [*inline.graph.nodes]
    targets = data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    hand = by_hand(inline, x)
    expected = {name: hand[name] for name in targets}
    inputs = {"x": x} if "x" in inline.graph.inputs else {}

    for _ in range(HOT + 1):
        assert inline.execute(targets, inputs) == expected
    threads = Builder().with_modules(plain).with_threads(3).build()
    assert threads.execute(targets, inputs) == expected
    assert asyncio.run(inline.aexecute(targets, inputs)) == expected
    for grouping in ("step", "level", "all"):
        tasks = Builder().with_modules(plain).with_grouping(grouping).build()
        for _ in range(HOT + 1):
            assert tasks.execute(targets, inputs) == expected
        assert asyncio.run(tasks.aexecute(targets, inputs)) == expected
    awaited = Driver({}, module_of(*steps(text, awaited=True)))
    assert awaited.execute(targets, inputs) == expected
    for driver in (inline, awaited):
        *events, last = driver.stream(targets, inputs)
        assert last.results == expected
        for event in events:
            if isinstance(event, StepFinished):
                assert event.result == hand[event.node]
    heard = Heard()
    hooked = Driver({}, plain, adapter=heard)
    for _ in range(HOT + 1):
        heard.nodes.clear()
        assert hooked.execute(targets, inputs) == expected
        assert all(hand[name] is not SKIPPED for name in heard.nodes)
        assert len({*heard.nodes}) == len(heard.nodes)


@settings(max_examples=60, deadline=None)
@given(routed(), st.data())
def test_an_override_is_never_skipped(text: str, data: st.DataObject) -> None:
    dr = Driver({}, module_of(*steps(text)))
    name = data.draw(st.sampled_from([*dr.graph.nodes]))
    inputs = {"x": 0} if "x" in dr.graph.inputs else {}
    found = dr.execute([*dr.graph.nodes], inputs, {name: 1})
    assert found[name] == 1
    for join in dr.graph.nodes.values():
        if join.kind == "join" and name in {param.reads for param in join.params}:
            assert found[join.name] == 1


def kind(question: str) -> str:
    return question


def passages(question: str) -> list[str]:
    return [question]


@when(kind="fact")
def answer__found(passages: list[str]) -> str:
    return f"found {passages[0]}"


@when(kind="chat")
def answer__chat(question: str) -> str:
    return f"chatted {question}"


def page(answer: str, hint: str = "no hint") -> str:
    return f"{answer}, {hint}"


@when(kind="fact")
def hint(question: str) -> str:
    return "a hint"


STEPS = module_of(kind, passages, answer__found, answer__chat, page, hint)


@pytest.mark.parametrize(
    ("question", "ran", "page"),
    [
        ("fact", ["kind", "passages", "answer.found", "hint", "page"], "found fact, a hint"),
        ("chat", ["kind", "answer.chat", "page"], "chatted chat, no hint"),
        ("none", ["kind"], SKIPPED),
    ],
)
@pytest.mark.parametrize("runs", [1, HOT + 1])
def test_only_what_the_route_needs_is_made(
    question: str, ran: list[str], page: Any, runs: int
) -> None:
    """What a step that is not taken needs is not made, and what needs it is skipped with it."""
    heard = Heard()
    dr = Driver({}, STEPS, adapter=heard)
    for _ in range(runs):
        heard.nodes.clear()
        assert dr.execute("page", {"question": question}) == {"page": page}
    assert sorted(heard.nodes) == sorted(ran)


def test_what_is_skipped_is_told_in_a_stream() -> None:
    for driver in (Driver({}, STEPS), Builder().with_modules(STEPS).with_threads(2).build()):
        events = [*driver.stream("page", {"question": "chat"})]
        skipped = {event.node for event in events if isinstance(event, StepSkipped)}
        assert skipped == {"passages", "answer.found", "hint"}
        events = [*driver.stream("page", {"question": "none"})]
        told = {e.node for e in events if isinstance(e, StepSkipped)}
        assert told == skipped | {"answer.chat", "answer", "page"}
        assert not told & {e.node for e in events if isinstance(e, StepFinished)}


def test_a_plan_is_plain_ifs() -> None:
    text = Driver({}, STEPS).explain("answer", {"question": ""})
    assert text == (
        f"def plan(inputs, overrides, config, run_id, {STEPS.__name__}={STEPS.__name__}):\n"
        "    question = inputs['question']\n"
        f"    kind = {STEPS.__name__}.kind(question)\n"
        "    if kind == 'fact':\n"
        f"        passages = {STEPS.__name__}.passages(question)\n"
        f"        answer_found = {STEPS.__name__}.answer__found(passages)\n"
        "        del passages\n"
        "    else:\n"
        "        passages = answer_found = SKIPPED\n"
        "    if kind == 'chat':\n"
        f"        answer_chat = {STEPS.__name__}.answer__chat(question)\n"
        "    else:\n"
        "        answer_chat = SKIPPED\n"
        "    del kind\n"
        "    answer = answer_found if answer_found is not SKIPPED else answer_chat\n"
        "    del answer_found, answer_chat\n"
        "    return {'answer': answer}\n"
    )


def test_an_overridden_router_decides() -> None:
    """Nothing above it runs; an overridden join needs no router at all."""
    dr = Driver({}, STEPS)
    found = dr.execute("answer", {"question": "none"}, {"kind": "chat"})
    assert found == {"answer": "chatted none"}
    assert dr.execute("page", {"question": "none"}, {"answer": "x"})["page"] == "x, no hint"
    assert dr.execute("answer", {}, {"answer.found": "canned"}) == {"answer": "canned"}


def test_an_input_may_decide() -> None:
    dr = Driver({}, module_of(passages, answer__found, answer__chat))
    assert dr.execute("answer", {"kind": "fact", "question": "q"}) == {"answer": "found q"}
    assert dr.execute("answer", {"kind": "fog", "question": "q"}) == {"answer": SKIPPED}


def test_a_failing_comparison_names_the_step() -> None:
    """Whatever a value does when it is compared, the error arrives as itself."""

    class Odd:
        def __eq__(self, other: object) -> bool:
            raise LookupError("odd")

        __hash__ = None  # type: ignore[assignment]

    def mood() -> Odd:
        return Odd()

    @when(mood="good")
    def song(verse: str) -> str:
        return verse

    dr = Driver({}, module_of(mood, song))
    for _ in range(HOT + 1):
        with pytest.raises(LookupError, match="odd") as caught:
            dr.execute("song", {"verse": ""})
        assert "in node `song`" in caught.value.__notes__[0]
    with pytest.raises(LookupError):
        asyncio.run(dr.aexecute("song", {"verse": ""}))


def test_two_routers_that_wait_for_each_other() -> None:
    """Where each route is needed only on the other's, more is made than needed, and no less."""

    def left(x: int) -> int:
        return x

    def right(x: int) -> int:
        return x

    @when(left=1)
    def by_left(x: int) -> str:
        return "l"

    @when(right=1)
    def by_right(x: int) -> str:
        return "r"

    @when(right=1)
    def far_left(by_left: str) -> str:
        return by_left

    @when(left=1)
    def far_right(by_right: str) -> str:
        return by_right

    dr = Driver({}, module_of(left, right, by_left, by_right, far_left, far_right))
    targets = ["far_left", "far_right"]
    assert dr.execute(targets, {"x": 1}) == {"far_left": "l", "far_right": "r"}
    assert dr.execute(targets, {"x": 0}) == dict.fromkeys(targets, SKIPPED)


def test_a_long_chain_on_a_route() -> None:
    """Before and after what is guarded, nothing in a plan calls itself."""
    size, limit = 1500, sys.getrecursionlimit()
    lines = ["def n0(x: int) -> int:\n    return x"]
    lines += [f"def n{n}(n{n - 1}: int) -> int:\n    return n{n - 1} + 1" for n in range(1, size)]
    names: dict[str, Any] = {}
    exec("\n".join(lines), names)
    middle = when(x=1)(names[f"n{size // 2}"])
    dr = Driver({}, module_of(*(names[f"n{n}"] for n in range(size))))
    assert middle is names[f"n{size // 2}"]
    sys.setrecursionlimit(300)
    try:
        assert dr.execute(f"n{size - 1}", {"x": 1}) == {f"n{size - 1}": size}
        assert dr.execute(f"n{size - 1}", {"x": 2}) == {f"n{size - 1}": SKIPPED}
    finally:
        sys.setrecursionlimit(limit)


def test_alternatives_that_are_async_or_streams() -> None:
    """What a join takes is whole; a stream that is skipped keeps nobody waiting."""

    @when(kind="fact")
    def answer__told(question: str) -> Stream[str]:
        yield from ("a", "b")

    @otherwise
    async def answer(question: str) -> str:
        return "c"

    def loud(answer: str) -> str:
        return answer.upper()

    dr = Driver({}, module_of(kind, answer__told, answer, loud))
    for question, said in (("fact", "AB"), ("chat", "C")):
        assert dr.execute("loud", {"question": question}) == {"loud": said}
        *_, last = dr.stream("loud", {"question": question})
        assert last.results == {"loud": said}


def test_a_stream_that_is_read_live_may_be_skipped() -> None:
    @when(kind="fact")
    def words(question: str) -> Stream[str]:
        yield from ("a", "b")

    def loud(words: Stream[str]) -> Stream[str]:
        for word in words:
            yield word.upper()

    def length(words: str = "") -> int:
        return len(words)

    module = module_of(kind, words, loud, length)
    targets = ["loud", "length", "words"]
    for driver in (Driver({}, module), Builder().with_modules(module).with_threads(3).build()):
        for question, found in (("fact", ("AB", 2, "ab")), ("chat", (SKIPPED, 0, SKIPPED))):
            expected = dict(zip(targets, found, strict=True))
            assert driver.execute(targets, {"question": question}) == expected
            assert asyncio.run(driver.aexecute(targets, {"question": question})) == expected
            *_, last = driver.stream(targets, {"question": question})
            assert last.results == expected


def test_a_member_of_an_enum_may_decide() -> None:
    """At run time it is compared; from text the name of the node is known, if not the value."""
    text = """
from enum import Enum
from stepwell import otherwise, when

class Kind(Enum):
    FACT = "fact"
    CHAT = "chat"

def kind(question: str) -> Kind:
    return Kind(question)

@when(kind=Kind.FACT)
def answer__found(question: str) -> str:
    return "found"

@otherwise
def answer(question: str) -> str:
    return "guessed"
"""
    module = ModuleType("steps")
    exec(text, vars(module))
    dr = Driver({}, module)
    assert dr.execute("answer", {"question": "fact"}) == {"answer": "found"}
    assert dr.execute("answer", {"question": "chat"}) == {"answer": "guessed"}
    read = graph_of(text)
    assert not read.holes
    assert [*read.nodes] == [*dr.graph.nodes]


def test_skipped_is_one_false_object() -> None:
    assert not SKIPPED
    assert repr(SKIPPED) == "SKIPPED"
    assert pickle.loads(pickle.dumps(SKIPPED)) is SKIPPED
