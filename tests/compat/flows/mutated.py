"""Functions that change what others of their module make."""

import sys

from hamilton import driver
from hamilton.function_modifiers import apply_to, extract_fields, mutate, source, value


def first(k: int) -> int:
    return k


def second(k: int) -> int:
    return k * 10


@extract_fields({"a": int, "b": int})
def fields(k: int) -> dict:
    return {"a": k, "b": k}


@mutate(first, apply_to(second, by=value(100)), by=5)
def _add(x: int, by: int) -> int:
    return x + by


@mutate(apply_to(first).when(mode="twice"), apply_to(fields).on_output("a"))
def _double(x: int) -> int:
    return 2 * x


@mutate(apply_to(second, offset=source("k")).named("moved"))
def moved_by(x: int, offset: int) -> int:
    return x - offset


_TARGETS = ["first", "second", "a", "b"]


def _came_to(config):
    dr = driver.Builder().with_modules(sys.modules[__name__]).with_config(config).build()
    cases = ("mutated", "mutated_under_config", "mutated_from_another_module")
    names = sorted(v.name for v in dr.list_available_variables() if not v.is_external_input)
    names = [name for name in names if name not in cases]
    return [dr.execute(_TARGETS, inputs={"k": 1}), names]


def mutated() -> list:
    return _came_to({})


def mutated_under_config() -> list:
    return _came_to({"mode": "twice"})


def mutated_from_another_module() -> str:
    def _other(x: int) -> int:
        return x

    _other.__module__ = "elsewhere"
    mutate(first)(_other)
    return "allowed"
