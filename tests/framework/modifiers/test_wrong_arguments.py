"""A wrong argument of every modifier is told when the module is read, by both readers alike."""

from __future__ import annotations

import re
from types import ModuleType

import pytest

from stepwell import modifiers
from stepwell.read import runtime
from stepwell.testing import graph_of

STEPS = """\
from stepwell import *
from stepwell.modifiers import config, schema

def _one(x: int, limit: int = 1): ...
def _none(): ...


@{decorator}
def answer(question: str, passages: list[str]) -> dict[str, int]: ...
"""

WRONG = {
    "cache": ("cache(behavior='ignroe')", "did you mean `ignore`?"),
    "check_output": ("check_output(max_lenght=3)", "did you mean `max_length`?"),
    "check_output_custom": ("check_output_custom(_none)", "`_none`"),
    "config.when": ("config.when()", "`config` conditions need a key"),
    "config.when_in": ("config.when_in(mode='local')", "takes a list of values for `mode`"),
    "does": ("does(_one, x='qestion')", "did you mean `question`?"),
    "extract_columns": ("extract_columns(3)", "`3` can't name a column's node"),
    "extract_fields": ("extract_fields({'class': int})", "`class` can't name a field"),
    "fallback": ("fallback()", "takes one of `model`, `step` and `value`"),
    "group": ("inject(question=group(1))", "`group` takes `source(…)` and `value(…)`"),
    "inject": ("inject(qestion=value(1))", "did you mean `question`?"),
    "load_from": ("load_from.json(path='x', inject_='qestion')", "did you mean `question`?"),
    "mutate": ("mutate()", "`mutate` needs at least one step of its module"),
    "node": ("node(name='class')", "try `class_`"),
    "otherwise": ("otherwise\n@when(kind=1)", "`otherwise` and `when` on one step exclude"),
    "parameterize": ("parameterize(b={'qestion': value(1)})", "did you mean `question`?"),
    "parameterize_extract_columns": (
        "parameterize_extract_columns(b=(['title'], {'qestion': value(1)}))",
        "did you mean `question`?",
    ),
    "parameterize_sources": (
        "parameterize_sources(b={'qestion': 'c'})",
        "did you mean `question`?",
    ),
    "parameterize_values": ("parameterize_values('qestion', {'b': 1})", "did you mean `question`?"),
    "parameterized_subdag": (
        "parameterized_subdag(_one, b={'inptus': {}})",
        "did you mean `inputs`?",
    ),
    "pipe_input": ("pipe_input(step(_one), on_input='qestion')", "did you mean `question`?"),
    "pipe_output": ("pipe_output(step(_one).on_output('anwser'))", "did you mean `answer`?"),
    "retry": ("retry(0)", "takes a number for `attempts`, at least 1; got `0`"),
    "save_to": ("save_to.json(path='x', target_='anwser')", "did you mean `answer`?"),
    "schema": ("schema.output('title')", "takes pairs of a column and its type"),
    "source": ("inject(question=source('a b'))", "`a b` can't name a node"),
    "step": ("pipe_input(step(_one, limti=value(1)))", "did you mean `limit`?"),
    "subdag": ("subdag(_one, inputs={'limti': value(1)})", "did you mean `limit`?"),
    "tag": ("tag(owner=3)", "takes a string or a list of strings; got `3`"),
    "tag_outputs": ("tag_outputs(anwser={'k': 'v'})", "did you mean `answer`?"),
    "timeout": ("timeout(-1)", "takes a number"),
    "unpack_fields": ("unpack_fields('class')", "`class` can't name a field"),
    "value": ("parameterize(b={'qestion': value(1)})", "did you mean `question`?"),
    "when": ("when()", "`when` needs the name of a step or an input"),
    "when_in": ("when_in(kind='fact')", "`when_in` takes a list of values for `kind`"),
    "when_not": ("when_not(**{'a b': 1})", "`a b` can't name a node"),
    "when_not_in": ("when_not_in(kind=[])", "needs at least one value for `kind`"),
    "with_columns": ("with_columns(_one, on_input='qestion')", "did you mean `question`?"),
}
NONE = {"Modifier", "apply_to", "config", "dataloader", "datasaver"}
"""What takes no argument that could be wrong."""


@pytest.mark.parametrize(("decorator", "message"), WRONG.values(), ids=WRONG)
def test_both_readers_tell_it(decorator: str, message: str) -> None:
    """With the argument, the function, the line, and the nearest name where there is one."""
    text = STEPS.format(decorator=decorator)
    module = ModuleType("steps")
    exec(compile(text, "steps.py", "exec"), vars(module))
    for graph in (graph_of(text), runtime.graph([module])):
        (problem,) = graph.problems
        assert problem.code in ("SW301", "SW302")
        assert message in problem.message
        assert problem.span is not None
        assert 8 <= problem.span.line <= 10
        assert re.search(r"`(answer|_one|_none)`", problem.message)


def test_each_modifier_is_here() -> None:
    assert {name.partition(".")[0] for name in WRONG} | NONE == {*modifiers.__all__, "config"}
