"""Results that are described and checked."""

import pandas as pd
from hamilton import ad_hoc_utils, driver
from hamilton.data_quality.base import DataValidator, ValidationResult
from hamilton.function_modifiers import cache, check_output, check_output_custom, schema


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


def schemas_and_caches():
    @schema.output(("x", "int"), ("y", "str"))
    def frame() -> pd.DataFrame:
        return pd.DataFrame({"x": [1], "y": ["a"]})

    @cache(behavior="recompute", format="json")
    def number() -> int:
        return 1

    dr = _built(frame, number)
    return [_own_tags(dr, "frame"), _own_tags(dr, "number"), _run(dr, "frame", "number")]


def checked():
    @check_output(range=(0, 10), importance="fail")
    def number(k: int) -> int:
        return k

    dr = _built(number)
    return [_run(dr, "number", k=4), _names(dr)]


def a_check_that_fails():
    @check_output(range=(0, 10), importance="fail")
    def number(k: int) -> int:
        return k

    return _run(_built(number), "number", k=40)


def a_check_that_warns():
    @check_output(range=(0, 10), data_type=int, importance="warn")
    def number(k: int) -> int:
        return k

    dr = _built(number)
    return [_run(dr, "number", k=40), _names(dr), _own_tags(dr, "number_range_validator")]


def checks_of_a_series():
    def built(**asked):
        @check_output(importance="fail", **asked)
        def column(numbers: list) -> pd.Series:
            return pd.Series(numbers)

        return _built(column)

    table = [
        ({"range": (0, 10)}, [1.0, 5.0]),
        ({"range": (0, 10)}, [1.0, 50.0]),
        ({"range": (0, 10)}, [1.0, None]),
        ({"values_in": [1.0, 2.0]}, [1.0, 2.0]),
        ({"values_in": [1.0, 2.0]}, [1.0, None]),
        ({"values_in": [1.0, 2.0]}, [1.0, 3.0]),
        ({"allow_nans": False}, [1.0, None]),
        ({"max_fraction_nans": 0.5}, [1.0, None]),
        ({"max_fraction_nans": 0.4}, [1.0, None]),
        ({"mean_in_range": (0, 2)}, [1.0, 2.0]),
        ({"mean_in_range": (0, 1)}, [1.0, 2.0]),
        ({"max_standard_dev": 1.0}, [1.0, 2.0]),
        ({"max_standard_dev": 0.1}, [1.0, 2.0]),
    ]
    found = []
    for asked, numbers in table:
        try:
            _run(built(**asked), "column", numbers=numbers)
            found.append("fits")
        except Exception:
            found.append("fails")
    return found


def a_check_that_nobody_has():
    @check_output(nothing=3, importance="fail")
    def number(k: int) -> int:
        return k

    return _built(number)


def an_importance_that_is_none():
    @check_output(range=(0, 1), importance="shout")
    def number(k: int) -> int:
        return k

    return _built(number)


class _Even(DataValidator):
    def applies_to(self, datatype: type) -> bool:
        return datatype is int

    def description(self) -> str:
        return "Is it even?"

    @classmethod
    def name(cls) -> str:
        return "even_validator"

    def validate(self, dataset: int) -> ValidationResult:
        return ValidationResult(dataset % 2 == 0, "is odd", {"rest": dataset % 2})


def validators_of_ones_own():
    @check_output_custom(_Even(importance="fail"))
    def number(k: int) -> int:
        return k

    dr = _built(number)
    return [_run(dr, "number", k=4), _names(dr)]


def a_validator_that_fails():
    @check_output_custom(_Even(importance="fail"))
    def number(k: int) -> int:
        return k

    return _run(_built(number), "number", k=3)
