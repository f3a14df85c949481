"""What a user may get wrong, and exactly what is said then, before anything runs."""

from __future__ import annotations

import asyncio
import re
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from stepwell import driver
from stepwell.errors import GraphError, RequestError, StepwellError
from stepwell.lifecycle import NodeExecutionHook, NodeExecutionMethod
from stepwell.modifiers import config, node, parameterize, source
from stepwell.testing import module_of


def question() -> str:
    return "What are edges?"


def answer(question: str, tries: int = 1) -> str:
    return question * tries


def shout(word: str, times: int) -> str:
    return word.upper() * times


def other_answer(question: str) -> str:
    return question


other_answer.__name__ = "answer"

PIPELINE = module_of(question, answer, name="pipeline")
INPUTS = module_of(shout, name="inputs")


class Step:
    def __call__(self, question: str) -> str:
        return question


def said(do: Callable[[], Any], kind: type[BaseException] = StepwellError) -> list[str]:
    """The lines of the message, places cut to the file's name."""
    with pytest.raises(kind) as caught:
        do()
    text = re.sub(r"[^\s`(]*/([\w.]+):\d+(:\d+)?", r"\1:LINE", str(caught.value))
    return text.splitlines()


def built(*modules: Any, **config: Any) -> driver.Driver:
    return driver.Driver(config, *modules)


def ran(*targets: Any, modules: Any = (PIPELINE,), **request: Any) -> Any:
    return driver.Driver({}, *modules).execute([*targets], **request)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            "pipeline",
            "SW003 the string `'pipeline'` is no module; import it and pass the module itself",
        ),
        (
            Step,
            "SW003 the class `Step` is no module; steps are functions of a module",
        ),
        (
            answer,
            "SW003 `answer` is no module; pass the module it is in, or"
            " `stepwell.testing.module_of(…)`",
        ),
        (
            lambda question: question,
            "SW003 a lambda is no module; pass the module it is in, or"
            " `stepwell.testing.module_of(…)`",
        ),
        (None, "SW003 `None` is no module; pass imported modules"),
    ],
)
def test_what_is_no_module(given: Any, message: str) -> None:
    assert said(lambda: built(given), GraphError) == [message]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            lambda question: question,
            "SW004 a lambda is no step: it has no name and no annotations; write a `def`",
        ),
        (
            Step,
            "SW004 the class `Step` is no step; write a function that makes one",
        ),
        (3, "SW004 `3` is no step; steps are functions"),
    ],
)
def test_what_is_no_step(given: Any, message: str) -> None:
    assert said(lambda: module_of(given), GraphError) == [message]


def test_lambdas_and_classes_of_a_module_are_left_alone() -> None:
    """They are ordinary Python; a module may have them beside its steps."""
    module = ModuleType("pipeline")
    module.Step, module.double = Step, lambda word: word * 2  # type: ignore[attr-defined]
    Step.__module__, module.double.__module__ = "pipeline", "pipeline"
    assert built(module).graph.nodes == {}


def untyped(question, times: int = 1):  # type: ignore[no-untyped-def]
    return question * times


def variadic(*words: str) -> str:
    return "".join(words)


def needs_itself(needs_itself: str) -> str:
    return needs_itself


def cause(effect: str) -> str:
    return effect


def effect(middle: str) -> str:
    return middle


def middle(cause: str) -> str:
    return cause


def number(question: str) -> int:
    return len(question)


def reader(number: str) -> str:
    return number


OTHER = module_of(other_answer, name="other")


@pytest.mark.parametrize(
    ("modules", "lines"),
    [
        pytest.param(
            [PIPELINE, OTHER],
            [
                "test_wrong_input.py:LINE: SW103 `answer` is made twice, here and at"
                " test_wrong_input.py:LINE; rename one"
            ],
            id="two steps of one name",
        ),
        pytest.param(
            [module_of(needs_itself)],
            ["test_wrong_input.py:LINE: SW104 `needs_itself` needs itself"],
            id="a step that needs itself",
        ),
        pytest.param(
            [module_of(cause, effect, middle)],
            [
                "test_wrong_input.py:LINE: SW104 `cause` needs `effect`, which needs `middle`,"
                " which needs `cause`"
            ],
            id="a cycle, whole",
        ),
        pytest.param(
            [module_of(untyped)],
            [
                "test_wrong_input.py:LINE: SW203 `untyped` does not say what it returns; write"
                " `-> …` after its parameters"
            ],
            id="no annotation of the result",
        ),
        pytest.param(
            [module_of(variadic)],
            [
                "test_wrong_input.py:LINE: SW005 `variadic` takes `*words`, which names no node or"
                " input; name each parameter, or bind a list with `inject(…=group(…))`"
            ],
            id="a variadic step",
        ),
        pytest.param(
            [module_of(question, number, reader)],
            [
                "test_wrong_input.py:LINE: SW201 `reader` takes `number: str`, and `number` makes"
                " `int`"
            ],
            id="an edge of the wrong type",
        ),
    ],
)
def test_steps_that_make_no_graph(modules: Any, lines: list[str]) -> None:
    assert said(lambda: built(*modules), GraphError) == lines


def test_everything_wrong_is_told_at_once() -> None:
    lines = said(lambda: built(PIPELINE, OTHER, module_of(needs_itself, untyped), "x"), GraphError)
    assert sorted(re.findall(r"SW\d+", line)[0] for line in lines) == [
        "SW003",
        "SW103",
        "SW104",
        "SW203",
    ]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("class", "`class` can't name a node: it is a keyword of Python; try `class_`"),
        ("__doc__", "`__doc__` can't name a node: names that start with `_` are private"),
        ("two words", "`two words` can't name a node: it is not an identifier"),
        (3, "`3` can't name a node: it is not a string"),
    ],
)
def test_names_that_no_parameter_can_have(name: Any, message: str) -> None:
    @node(name=name)
    def reply(question: str) -> str:
        return question

    (line,) = said(lambda: built(module_of(reply)), GraphError)
    assert line == f"test_wrong_input.py:LINE: SW302 {message} (on `reply`)"


def test_private_functions_are_no_steps() -> None:
    def _helper(question: str) -> str:
        return question

    def dunder(question: str) -> str:
        return question

    dunder.__name__ = "__dunder__"
    assert [*built(module_of(question, _helper, dunder)).graph.nodes] == ["question"]


def test_a_modifier_for_a_parameter_that_is_not_there() -> None:
    @parameterize(again={"questoin": source("answer")})
    def reply(question: str) -> str:
        return question

    (line,) = said(lambda: built(module_of(reply)), GraphError)
    assert line == (
        "test_wrong_input.py:LINE: SW301 `reply` has no parameter `questoin`; did you mean"
        " `question`?"
    )


@pytest.mark.parametrize(
    ("do", "lines"),
    [
        pytest.param(
            lambda: ran("anwser"),
            ["`anwser` is asked for and is no node; did you mean `answer`?"],
            id="a target that does not exist",
        ),
        pytest.param(
            lambda: ran(shout),
            [f"`shout` of `{__name__}` makes no node of this driver; add its module to the driver"],
            id="a function of another module",
        ),
        pytest.param(
            lambda: ran(3),
            ["`3` is neither a name nor a step"],
            id="a target that is no name",
        ),
        pytest.param(
            lambda: ran("answer", overrides={"questoin": "x"}),
            ["`questoin` is overridden and is no node; did you mean `question`?"],
            id="an override of nothing",
        ),
        pytest.param(
            lambda: ran("shout", modules=(INPUTS,)),
            [
                "`word: str` is needed by `shout` (test_wrong_input.py:LINE) and is not given; pass"
                " it in `inputs`",
                "`times: int` is needed by `shout` (test_wrong_input.py:LINE) and is not given;"
                " pass it in `inputs`",
            ],
            id="inputs that are missing",
        ),
        pytest.param(
            lambda: ran("shout", modules=(INPUTS,), inputs={"word": 3, "times": "x"}),
            [
                "`word` is int 3, and `shout` (test_wrong_input.py:LINE) takes `str`",
                "`times` is str, and `shout` (test_wrong_input.py:LINE) takes `int`",
            ],
            id="inputs of the wrong type",
        ),
        pytest.param(
            lambda: ran("answer", inputs={"question": "x"}),
            [
                "`question` is given in `inputs` and is a step (test_wrong_input.py:LINE); to put a"
                " value in its place use `overrides`"
            ],
            id="an input that is a step",
        ),
        pytest.param(
            lambda: driver.Driver({"word": "a"}, INPUTS).execute(
                ["shout"], inputs={"word": "b", "times": 2}
            ),
            ["`word` is given in `inputs` and in the config; give it in one place"],
            id="an input that is in the config",
        ),
        pytest.param(
            lambda: ran("answer", inputs=["question"]),
            ["`inputs` is list[str]; give a dict of values by name"],
            id="inputs that are no mapping",
        ),
        pytest.param(
            lambda: ran("answer", inputs={1: "x"}),
            ["`inputs` has the key `1`, which is no name"],
            id="an input whose name is no text",
        ),
        pytest.param(
            lambda: ran("anwser", "questoin", overrides={"x": 1}),
            [
                "`anwser` is asked for and is no node; did you mean `answer`?",
                "`questoin` is asked for and is no node; did you mean `question`?",
                "`x` is overridden and is no node",
            ],
            id="all of it at once",
        ),
    ],
)
def test_requests_that_can_not_be_run(do: Any, lines: list[str]) -> None:
    assert said(do, RequestError) == lines


def test_an_input_that_nobody_reads_is_a_warning() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = ran("shout", modules=(INPUTS,), inputs={"word": "a", "times": 2, "wrod": "b"})
    assert result == {"shout": "AA"}
    (warning,) = caught
    assert str(warning.message) == "input `wrod` is read by no step; did you mean `word`?"
    assert warning.filename == __file__


class Passes(NodeExecutionMethod):
    def run_to_execute_node(self, *, node_callable: Any, node_kwargs: Any, **_: Any) -> Any:
        return node_callable(**node_kwargs)


class PassesLater(NodeExecutionMethod):
    async def run_to_execute_node(self, *, node_callable: Any, node_kwargs: Any, **_: Any) -> Any:
        return await node_callable(**node_kwargs)


class Watches(NodeExecutionHook):
    def run_after_node_execution(self, *, node_name: str, **_: Any) -> None:
        pass


@pytest.mark.parametrize("adapters", [[], [Watches()], [Passes()], [PassesLater()]])
@pytest.mark.parametrize("threads", [0, 2])
@pytest.mark.parametrize("way", ["execute", "aexecute", "stream"])
def test_a_step_that_returns_a_coroutine_by_mistake(
    way: str, threads: int, adapters: list[object]
) -> None:
    """However it is run, the coroutine is refused and closed, never handed on."""

    async def fetch() -> str:
        return "x"

    def page() -> str:
        return fetch()  # type: ignore[return-value]

    dr = driver.Driver({}, module_of(page), adapter=adapters, threads=threads)
    ways: dict[str, Callable[[], Any]] = {
        "execute": lambda: dr.execute(["page"]),
        "aexecute": lambda: asyncio.run(dr.aexecute(["page"])),
        "stream": lambda: [*dr.stream(["page"])],
    }
    assert said(ways[way], TypeError) == [
        "step `page` (test_wrong_input.py:LINE) is not `async def` and returns a coroutine, which"
        " nobody awaits; make it `async def` and await what it calls"
    ]


async def test_execute_inside_a_running_loop() -> None:
    async def page() -> str:
        return "x"

    assert said(lambda: ran("page", modules=(module_of(page),)), RequestError) == [
        "an event loop runs already in this thread, and this run needs its own: use"
        " `await dr.aexecute(…)`"
    ]


def test_config_that_is_named_like_a_step() -> None:
    assert said(lambda: built(PIPELINE, question="x"), GraphError) == [
        "test_wrong_input.py:LINE: SW110 config gives `question`, which is a step; to put a value"
        " in its place pass it in `overrides` when you execute"
    ]


def test_config_that_no_variant_is_for() -> None:
    """With no variant left the name is an input, and the message says which config would help."""

    @config.when(model="small")
    def reply__small(question: str) -> str:
        return question

    module = module_of(question, reply__small)
    assert said(lambda: driver.Driver({"model": "large"}, module).execute(["reply"])) == [
        "`reply` is asked for and is no node; it is one when the config's `model` is 'small'"
    ]
