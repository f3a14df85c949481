"""What `check_output` can ask of a value: each a function of the value and its limit.

A value may be one thing or many: a list, a dict's values, a column of pandas or polars, an array.
Imports nothing; what a library's own value can do is asked of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sized
from importlib import import_module
from typing import Any, NamedTuple

from stepwell.errors import told


class Outcome(NamedTuple):
    """What a check came to; the message says what was asked and how much falls short of it."""

    passed: bool
    message: str = ""


def range(value: Any, limit: Any) -> Outcome:
    """Whether every number is from the lower bound to the upper, both included; `None` is none."""
    low, high = limit
    return _each(
        value,
        lambda each: (low is None or each >= low) and (high is None or each <= high),
        f"not from {low} to {high}",
    )


def values_in(value: Any, limit: Any) -> Outcome:
    """Whether every value is one of these."""
    return _each(value, lambda each: each in limit, f"not among {_few(limit)}")


def data_type(value: Any, limit: Any) -> Outcome:
    """Whether the value is of that class; of many of one kind (`dtype`), that kind."""
    kind = getattr(value, "dtype", None)
    if kind is not None and not isinstance(limit, type):
        return Outcome(str(kind) == str(limit), f"`dtype` is {kind}, not {limit}")
    if isinstance(value, limit):
        return Outcome(True)
    if kind is not None:
        return _each(value, lambda each: isinstance(each, limit), f"no {limit.__name__}")
    return Outcome(False, f"is of class `{type(value).__name__}`, not `{limit.__name__}`")


def allow_none(value: Any, limit: Any) -> Outcome:
    """Whether it is something; of many, each."""
    if limit:
        return Outcome(True)
    if value is None:
        return Outcome(False, "is `None`")
    return _each(value, lambda each: each is not None, "`None`")


def allow_nans(value: Any, limit: Any) -> Outcome:
    """Whether no number is NaN."""
    return Outcome(True) if limit else _each(value, lambda each: not _nan(each), "NaN")


def max_fraction_nans(value: Any, limit: Any) -> Outcome:
    """Whether at most this fraction of all numbers is NaN."""
    found = [_nan(each) for each in _all(value)]
    fraction = sum(found) / len(found) if found else 0.0
    return Outcome(fraction <= limit, f"{fraction:.3g} of it is NaN, more than {limit}")


def mean_in_range(value: Any, limit: Any) -> Outcome:
    """Whether the mean of the numbers is within these bounds."""
    mean = _mean(value)
    if mean is None:
        return Outcome(False, "has no number, so no mean")
    low, high = limit
    return Outcome(low <= mean <= high, f"has the mean {mean:.6g}, not from {low} to {high}")


def max_standard_dev(value: Any, limit: Any) -> Outcome:
    """Whether the numbers' standard deviation, that of a sample, is at most this."""
    numbers = [each for each in _all(value) if each is not None and not _nan(each)]
    mean = _mean(numbers)
    if mean is None or len(numbers) < 2:
        return Outcome(True)
    spread = math.sqrt(sum((each - mean) ** 2 for each in numbers) / (len(numbers) - 1))
    return Outcome(spread <= limit, f"has the standard deviation {spread:.6g}, over {limit}")


def max_length(value: Any, limit: Any) -> Outcome:
    """Whether it has at most so many letters or elements."""
    return Outcome(len(value) <= limit, f"has the length {len(value)}, over {limit}")


def contains(value: Any, limit: Any) -> Outcome:
    """Whether a text, or each of many, has this in it."""
    return _each(value, lambda each: limit in each, "without what it must contain")


def does_not_contain(value: Any, limit: Any) -> Outcome:
    """Whether no text has this in it."""
    return _each(value, lambda each: limit not in each, "with what it must not contain")


def schema(value: Any, limit: Any) -> Outcome:
    """Whether a pandera schema accepts a frame."""
    errors = import_module("pandera.errors")  # it is there, as the schema is
    try:
        limit.validate(value, lazy=True)
    except (errors.SchemaError, errors.SchemaErrors) as error:
        cases = getattr(error, "failure_cases", None)
        count = len(cases) if isinstance(cases, Sized) else 1
        places = "one place" if count == 1 else f"{count} places"
        return Outcome(False, f"does not fit the schema in {places}")
    return Outcome(True)


def model(value: Any, limit: Any) -> Outcome:
    """Whether a pydantic model accepts it: a dict, an object of the model, or many of either."""
    pydantic = import_module("pydantic")  # it is there, as the model is
    several = isinstance(value, list | tuple)
    for position, each in enumerate(value if several else [value]):
        try:
            limit.model_validate(each, from_attributes=True)
        except pydantic.ValidationError as error:
            # The values themselves stay out of it: they may be secrets.
            places = [".".join(map(str, one["loc"])) for one in error.errors(include_input=False)]
            where = f" at {position}" if several else ""
            return Outcome(False, f"does not fit `{limit.__name__}`{where}: {_few(places)}")
    return Outcome(True)


CHECKS = {
    check.__name__: check
    for check in (
        range,
        values_in,
        data_type,
        allow_none,
        allow_nans,
        max_fraction_nans,
        mean_in_range,
        max_standard_dev,
        max_length,
        contains,
        does_not_contain,
        schema,
        model,
    )
}
"""Every check by its keyword."""


def outcome(given: Any) -> Outcome:
    """What a check gave, as an outcome: a truth, or a truth and a message.

    Raises:
        TypeError: if it is something else.
    """
    if isinstance(given, tuple) and len(given) == 2 and isinstance(given[0], bool):
        return Outcome(given[0], str(given[1] or ""))
    if isinstance(given, bool):
        return Outcome(given)
    raise TypeError(
        f"a check returns a `bool`, or a `bool` and a message; got `{type(given).__name__}`"
    )


def _each(value: Any, right: Any, what: str) -> Outcome:
    asked = [*_all(value)]
    try:
        wrong = sum(not right(each) for each in asked)
    except (TypeError, ValueError) as error:
        return Outcome(False, f"can't be asked that: {told(error)}")
    many = _is_many(value) and not isinstance(value, bytes)
    return Outcome(not wrong, f"has {wrong} of {len(asked)} {what}" if many else f"is {what}")


def _all(value: Any) -> Iterator[Any]:
    """Each element, whatever holds them; of one thing, that thing."""
    if isinstance(value, Mapping):
        yield from value.values()
    elif hasattr(value, "columns") and hasattr(value, "shape"):
        for name in value.columns:
            yield from value[name]
    elif hasattr(value, "ravel"):
        yield from value.ravel()
    elif _is_many(value):
        yield from value
    else:
        yield value


def _is_many(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes)


def _nan(value: Any) -> bool:
    try:
        return bool(value != value)
    except (TypeError, ValueError):
        return True  # a missing value of pandas answers no question


def _mean(value: Any) -> float | None:
    numbers = [each for each in _all(value) if each is not None and not _nan(each)]
    return float(sum(numbers) / len(numbers)) if numbers else None


def _few(given: Iterable[Any]) -> str:
    names = [str(each) for each in given]
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
