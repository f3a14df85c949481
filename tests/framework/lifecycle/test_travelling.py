"""Adapters that keep a run within its means travel to other processes as what they were given."""

import pickle
from typing import Any

import pytest

from stepwell import Driver
from stepwell.lifecycle import Fallback, Hedge, Retry, Timeout
from stepwell.llm import Budget, CircuitBreaker, RateLimit
from stepwell.testing import module_of


@pytest.mark.parametrize(
    "adapter",
    [
        Budget("1.5", tokens=9, per="tag:team", patience=0.0),
        CircuitBreaker(failures=2, pause=9.0),
        Fallback(model=["small", "tiny"]),
        Fallback(value=None),
        Hedge(after=1.0, share=0.5),
        RateLimit(requests=60, longest=9.0),
        Retry(5, timeout=9.0, seed=1),
        Timeout(9.0),
    ],
    ids=lambda adapter: type(adapter).__name__,
)
def test_what_was_given_arrives(adapter: Any) -> None:
    """All that can be read of it is the same."""
    there = pickle.loads(pickle.dumps(adapter))
    for name, value in vars(adapter).items():
        if not name.startswith("_"):
            assert getattr(there, name) == value


def test_a_fallback_falls_back_there_on_the_same() -> None:
    """What was not given is still not given."""

    def answer() -> str:
        raise TimeoutError

    there = pickle.loads(pickle.dumps(Fallback(model="small")))
    with pytest.raises(TimeoutError):
        Driver({}, module_of(answer), adapter=there).execute(["answer"])
    assert [fell.instead for fell in there.used] == ["model small"]
