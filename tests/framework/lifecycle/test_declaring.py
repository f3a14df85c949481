"""How a class says what it hears, and what is told when it says it wrongly."""

from __future__ import annotations

import abc
from typing import Any

import pytest

from stepwell.errors import AdapterError
from stepwell.lifecycle import api, base, base_hook, base_method, base_validator
from stepwell.lifecycle.events import EVENTS, declarations


def test_every_event_has_an_internal_class_with_just_its_keywords() -> None:
    """The table of events and the abstract classes say the same."""
    declared = {
        d.event: d
        for name in base.__all__
        if isinstance(cls := getattr(base, name), type)
        for d in declarations(cls)
    }
    assert set(declared) == set(EVENTS)
    for event, known in EVENTS.items():
        assert (declared[event].kind, set(declared[event].keywords)) == (
            known.kind,
            set(known.keywords),
        )


@pytest.mark.parametrize(
    "cls",
    [cls for cls in vars(api).values() if isinstance(cls, type) and cls.__module__ == api.__name__],
)
def test_every_user_method_has_a_default_and_takes_future_keywords(cls: type) -> None:
    """A user's class can be made as it is, and keywords may be added later."""
    cls()
    for declared in declarations(cls):
        assert declared.function.__code__.co_flags & 0x08
        assert declared.function.__doc__


def test_an_abstract_internal_class_can_not_be_made() -> None:
    with pytest.raises(TypeError, match="abstract"):
        base.PreNodeExecute()  # type: ignore[abstract]


def _no_function() -> None:
    @base_hook("post_import")
    class Import:
        pass


def _positional() -> None:
    @base_hook("post_import")
    class Import:
        def post_import(self, module: str) -> None: ...


def _misspelled() -> None:
    @base_hook("pre_node_exceute")
    class Before:
        def pre_node_exceute(self, *, node_: Any) -> None: ...


def _wrong_kind() -> None:
    @base_hook("do_node_execute")
    class Runs:
        def do_node_execute(self, *, node_: Any) -> None: ...


def _wrong_kind_of_validator() -> None:
    @base_method("validate_node")
    class Judge:
        def validate_node(self, *, created_node: Any) -> None: ...


def _unknown_keyword() -> None:
    @base_hook("pre_node_execute")
    class Before:
        def pre_node_execute(self, *, node: Any) -> None: ...


def _keyword_of_nothing() -> None:
    @base_hook("pre_do_anything")
    class Before:
        def pre_do_anything(self, *, graph: Any) -> None: ...


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (_no_function, "`Import` has no function `post_import`; define it in the class"),
        (
            _positional,
            "`Import.post_import` takes positional arguments; put `*` after `self`",
        ),
        (
            _misspelled,
            "`pre_node_exceute` is no event of a lifecycle; did you mean `pre_node_execute`?",
        ),
        (_wrong_kind, "`do_node_execute` is a method; declare `Runs` with `base_method`"),
        (
            _wrong_kind_of_validator,
            "`validate_node` is a validator; declare `Judge` with `base_validator`",
        ),
        (
            _unknown_keyword,
            "`Before.pre_node_execute` asks for `node`, which the event does not give; "
            "did you mean `node_`?",
        ),
        (
            _keyword_of_nothing,
            "`Before.pre_do_anything` asks for `graph`, which the event does not give; "
            "it gives nothing",
        ),
    ],
)
def test_a_class_that_declares_wrongly_is_told_at_once(declare: Any, message: str) -> None:
    with pytest.raises(AdapterError) as caught:
        declare()
    assert str(caught.value) == message


def test_an_event_of_ones_own_may_be_declared() -> None:
    """Its name is free as long as it is not nearly that of a known one."""

    @base_validator("judge_answer")
    class Judge(abc.ABC):
        @abc.abstractmethod
        def judge_answer(self, *, answer: str) -> tuple[bool, str | None]: ...

    (declared,) = declarations(Judge)
    assert (declared.event, declared.kind, declared.keywords) == (
        "judge_answer",
        "validator",
        ("answer",),
    )
