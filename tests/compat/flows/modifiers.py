"""Every decorator."""

from typing import Any, TypedDict

import pandas as pd
from hamilton import ad_hoc_utils, driver
from hamilton.function_modifiers import (
    ParameterizedExtract,
    config,
    configuration,
    does,
    extract_columns,
    extract_fields,
    group,
    hamilton_exclude,
    inject,
    parameterize,
    parameterize_extract_columns,
    parameterize_sources,
    parameterize_values,
    parameterized_subdag,
    pipe_input,
    pipe_output,
    source,
    step,
    subdag,
    tag,
    tag_outputs,
    unpack_fields,
    value,
)


def _built(*functions, config=None):
    module = ad_hoc_utils.create_temporary_module(*functions)
    return driver.Builder().with_modules(module).with_config(config or {}).build()


def _run(dr, *targets, **inputs):
    return dr.execute(list(targets), inputs=inputs)


def _own_tags(dr, name):
    [found] = [v for v in dr.list_available_variables() if v.name == name]
    return {key: each for key, each in found.tags.items() if key != "module"}


def _names(dr):
    return sorted(v.name for v in dr.list_available_variables() if not v.is_external_input)


def parameterized():
    @parameterize(
        one={"x": value(1)},
        two={"x": source("other")},
        three=({"x": value(3), "y": source("other")}, "The {x} of {y}."),
    )
    def base(x: int, y: int) -> int:
        """From {x} comes {output_name}."""
        return x * 10 + y

    dr = _built(base)
    docs = {v.name: v.documentation for v in dr.list_available_variables()}
    return [_run(dr, "one", "two", "three", other=2, y=5), docs, _names(dr)]


def parameterized_by_groups():
    @parameterize(
        listed={"xs": group(source("a"), value(2), source("b"))},
        keyed={"xs": group(value(7), source("a"))},
    )
    def total(xs: list[int]) -> int:
        return sum(xs)

    @inject(by=group(a=source("a"), c=value(9)))
    def largest(by: dict[str, int]) -> int:
        return max(by.values())

    return _run(_built(total, largest), "listed", "keyed", "largest", a=1, b=5)


def parameterized_by_values_and_sources():
    @parameterize_values("x", {("small", "Few."): 1, ("large", "Many."): 100})
    def size(x: int, k: int) -> int:
        return x * k

    @parameterize_sources(left={"x": "small"}, right={"x": "large"})
    def shifted(x: int) -> int:
        """Next of {x}."""
        return x + 1

    dr = _built(size, shifted)
    docs = {v.name: v.documentation for v in dr.list_available_variables()}
    return [_run(dr, "small", "large", "left", "right", k=2), docs]


def an_unknown_parameter():
    @parameterize(one={"z": value(1)})
    def base(x: int) -> int:
        return x

    return _run(_built(base), "one")


def a_key_without_a_docstring():
    @parameterize_values("x", {"small": 1})
    def size(x: int) -> int:
        return x

    return _run(_built(size), "small")


def no_sources():
    return parameterize_sources()


def columns_of_several():
    @parameterize_extract_columns(
        ParameterizedExtract(("a1", "a2"), {"base": source("first"), "n": value(1)}),
        ParameterizedExtract(("b1", "b2"), {"base": value(100), "n": value(2)}),
    )
    def frame(base: int, n: int) -> pd.DataFrame:
        return pd.concat([pd.Series([base]), pd.Series([base + n])], axis=1)

    return _run(_built(frame), "a1", "a2", "b1", "b2", first=10)


def injected():
    @inject(x=source("a"), y=value(3))
    def total(x: int, y: int, z: int) -> int:
        return x + y + z

    return _run(_built(total), "total", a=1, z=10)


def fields():
    @tag(kind="field")
    @extract_fields({"a": int, "b": str})
    def both(k: int) -> dict[str, Any]:
        """Both."""
        return {"a": k, "b": str(k), "c": 0}

    dr = _built(both)
    return [_run(dr, "a", "b", "both", k=4), _names(dr), _own_tags(dr, "a"), _own_tags(dr, "both")]


def fields_by_name():
    @extract_fields("a", "b")
    def both(k: int) -> dict[str, int]:
        return {"a": k, "b": k + 1}

    @extract_fields(["c", "d"])
    def more(k: int) -> dict[str, int]:
        return {"c": k, "d": k + 1}

    return _run(_built(both, more), "a", "b", "c", "d", k=4)


class _Named(TypedDict):
    a: int
    b: str


def fields_of_a_typed_dict():
    @extract_fields()
    def both(k: int) -> _Named:
        return {"a": k, "b": str(k)}

    return _run(_built(both), "a", "b", k=4)


def a_field_that_is_not_there():
    @extract_fields({"a": int, "b": int}, fill_with=-1)
    def both(k: int) -> dict:
        return {"a": k}

    return _run(_built(both), "a", "b", k=4)


def a_field_that_is_missed():
    @extract_fields({"a": int, "b": int})
    def both(k: int) -> dict:
        return {"a": k}

    return _run(_built(both), "b", k=4)


def columns():
    @extract_columns("x", ("y", "The second."))
    def frame(k: int) -> pd.DataFrame:
        return pd.DataFrame({"x": [k, 2], "y": [3, 4], "z": [0, 0]})

    dr = _built(frame)
    docs = {v.name: v.documentation for v in dr.list_available_variables()}
    return [_run(dr, "x", "y", k=1), docs, _names(dr)]


def a_column_that_is_filled():
    @extract_columns("x", "w", fill_with=0)
    def frame() -> pd.DataFrame:
        return pd.DataFrame({"x": [1, 2]})

    return _run(_built(frame), "x", "w")


def unpacked():
    @unpack_fields("first", "second")
    def pair(k: int) -> tuple[int, str]:
        return k, "b"

    return _run(_built(pair), "first", "second", "pair", k=3)


def _summed(**numbers: int) -> int:
    return sum(numbers.values())


def _product(x: int, y: int) -> int:
    return x * y


def filled():
    @does(_summed)
    def total(a: int, b: int, c: int = 5) -> int:
        pass

    @does(_product, x="a", y="b")
    def product(a: int, b: int) -> int:
        pass

    return _run(_built(total, product), "total", "product", a=2, b=3)


def _add(x: int, y: int) -> int:
    return x + y


def _double(x: int) -> int:
    return x * 2


def piped_input():
    @pipe_input(
        step(_add, y=3),
        step(_double),
        step(_add, y=source("k")).named("last"),
    )
    def end(x: int) -> int:
        return x + 1000

    dr = _built(end)
    return [_run(dr, "end", x=1, k=50), _names(dr)]


def piped_input_under_config():
    @pipe_input(
        step(_add, y=1).when(mode="a"),
        step(_add, y=10).when_not(mode="a"),
        step(_double).when_in(mode=["a", "b"]),
        on_input="x",
        namespace="chain",
    )
    def end(x: int, z: int) -> int:
        return x + z

    return [_run(_built(end, config={"mode": mode}), "end", x=1, z=100) for mode in ("a", "b", "c")]


def piped_without_a_namespace():
    @pipe_input(step(_add, y=1).named("plus_one"), namespace=None)
    def end(x: int) -> int:
        return x

    return _run(_built(end), "end", "plus_one", x=1)


def piped_in_a_namespace_of_any_name():
    @pipe_input(step(_add, y=1).named("a"), namespace="global")
    def end(x: int) -> int:
        return x

    return _run(_built(end), "end", "global.a", x=1)


def names_that_are_no_identifiers():
    @extract_columns("Tax Rate", "x")
    def frame() -> pd.DataFrame:
        return pd.DataFrame({"Tax Rate": [1, 2], "x": [3, 4]})

    @parameterize(**{"Tax Due": {"rate": source("Tax Rate"), "of": value(10)}})
    def due(rate: pd.Series, of: int) -> pd.Series:
        return rate * of

    return _run(_built(frame, due), "Tax Rate", "Tax Due")


def piped_output():
    @pipe_output(step(_add, y=3), step(_add, y=source("k")), step(_double))
    def end(x: int) -> int:
        return x

    dr = _built(end)
    return [_run(dr, "end", "end.raw", "end.with_add", x=1, k=50), _names(dr)]


def piped_output_under_config():
    @pipe_output(step(_add, y=1).when(mode="a"), step(_double).when(mode="b"))
    def end(x: int) -> int:
        return x

    return [_run(_built(end, config={"mode": mode}), "end", x=5) for mode in ("a", "b", "c")]


def piped_output_of_fields():
    @pipe_output(step(_add, y=1).on_output("a"), step(_double).on_output(["a", "b"]))
    @extract_fields({"a": int, "b": int, "c": int})
    def all_of(k: int) -> dict:
        return {"a": k, "b": k, "c": k}

    return _run(_built(all_of), "a", "b", "c", k=1)


def piped_by_position():
    @pipe_output(step(_add, 7))
    def end(x: int) -> int:
        return x

    return _run(_built(end), "end", x=1)


def a_link_that_does_not_fit():
    @pipe_output(step(_add, nothing=7))
    def end(x: int) -> int:
        return x

    return _run(_built(end), "end", x=1)


def tagged():
    @tag(owner="me", layers=["a", "b"], **{"some.dotted": "key"})
    def word() -> str:
        return "w"

    return _own_tags(_built(word), "word")


def a_reserved_tag():
    @tag(**{"hamilton.own": "x"})
    def word() -> str:
        return "w"

    return _built(word)


def a_tag_that_is_no_text():
    @tag(size=3)
    def word() -> str:
        return "w"

    return _built(word)


def tags_of_chosen_outputs():
    @tag(target_="a", which="a")
    @tag(target_=["a", "both"], several="yes")
    @tag(target_=..., all="yes")
    @tag_outputs(b={"own": "b"})
    @extract_fields({"a": int, "b": int})
    def both() -> dict:
        return {"a": 1, "b": 2}

    dr = _built(both)
    return {name: _own_tags(dr, name) for name in ("a", "b", "both")}


def words(text: str) -> list:
    return text.split()


def count(words: list) -> int:
    return len(words)


@config.when(mode="loud")
def shout__loud(text: str) -> str:
    return text.upper()


@config.when_not(mode="loud")
def shout__quiet(text: str) -> str:
    return text.lower()


def subdags():
    @subdag(words, count, inputs={"text": source("question")})
    def question_length(count: int) -> int:
        return count

    @subdag(
        words, count, inputs={"text": value("a b c")}, namespace="fixed", external_inputs=["extra"]
    )
    def fixed_length(count: int, extra: int) -> int:
        return count + extra

    dr = _built(question_length, fixed_length)
    return [
        _run(
            dr, "question_length", "fixed_length", "fixed.words", question="What is it?", extra=10
        ),
        _names(dr),
        _run(dr, "question_length.text", "fixed.text", question="Why?"),
    ]


def subdags_and_config():
    @subdag(shout__loud, shout__quiet, config={"mode": "loud"})
    def loud(shout: str) -> str:
        return shout

    @subdag(shout__loud, shout__quiet, config={"mode": configuration("how")})
    def as_told(shout: str) -> str:
        return shout

    return [
        _run(_built(loud, as_told, config={"how": how}), "loud", "as_told", text="Aha")
        for how in ("loud", "quiet")
    ]


def subdags_that_read_their_config():
    def scaled(factor: int, x: int) -> int:
        return x * factor

    @subdag(scaled, config={"factor": 3, "unread": 1})
    def tripled(scaled: int) -> int:
        return scaled

    @parameterized_subdag(scaled, a={"config": {"factor": 2}}, b={"config": {"factor": 5}})
    def times(scaled: int) -> int:
        return scaled

    dr = _built(tripled, times)
    return [_run(dr, "tripled", "a", "b", "tripled.factor", x=2), _names(dr)]


def subdags_for_each():
    @parameterized_subdag(
        words,
        count,
        question_length={"inputs": {"text": source("question")}},
        answer_length={"inputs": {"text": value("one two three")}},
    )
    def length(count: int) -> int:
        return count

    dr = _built(length)
    found = _run(dr, "question_length", "answer_length", "answer_length.words", question="Who?")
    return [found, _names(dr)]


def an_input_said_twice():
    @subdag(words, inputs={"text": value("a")}, config={"text": "b"})
    def length(words: list) -> int:
        return len(words)

    return _built(length)


def what_is_no_step():
    @hamilton_exclude
    def helper(x):
        return x

    def number() -> int:
        return helper(3)

    return [_names(_built(helper, number)), _run(_built(number), "number")]


def many_at_once():
    @tag(layer="last")
    @pipe_output(step(_add, y=1))
    @parameterize(one={"x": value(1)}, two={"x": source("a")})
    def base(x: int) -> int:
        return x * 10

    dr = _built(base)
    return [_run(dr, "one", "two", a=5), _own_tags(dr, "one")]
