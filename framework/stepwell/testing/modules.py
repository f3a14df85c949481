"""Modules made of functions, and graphs of functions or of text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from inspect import unwrap
from textwrap import dedent
from types import FunctionType, ModuleType
from typing import Any

from stepwell.errors import GraphError
from stepwell.graph import Graph
from stepwell.read.problems import not_a_step


def module_of(*functions: Callable[..., Any], name: str = "steps") -> ModuleType:
    """A module of these functions, which may be nested or come from elsewhere.

    It holds copies, so that the functions themselves stay as they are. It isn't put into
    `sys.modules`.

    Raises:
        GraphError: if one is no step: a class, a lambda, no function at all.

    >>> def shout(word: str) -> str:
    ...     return word.upper()
    >>> module_of(shout).shout("hey")
    'HEY'
    """
    wrong = [not_a_step(each) for each in functions if not _is_step(each)]
    if wrong:
        raise GraphError(wrong)
    module = ModuleType(name)
    for function in functions:
        copy = _copy(function)
        copy.__module__ = name
        setattr(module, copy.__name__, copy)
    return module


def graph_of(
    *steps: str | ModuleType | Callable[..., Any],
    config: Mapping[str, Any] | None = None,
    inputs: Iterable[str] | None = None,
) -> Graph:
    """The graph of a text, read as the editor reads it, or of functions or modules, read live.

    Of several texts, each is a module: `steps`, `steps2`, … Without a `config` all alternatives
    are present.

    >>> sorted(graph_of("def shout(word: str) -> str: ...").inputs)
    ['word']
    """
    if steps and all(isinstance(each, str) for each in steps):
        return _graph_of_texts([dedent(str(each)) for each in steps], config, inputs)
    from stepwell.read import runtime

    modules = [each for each in steps if isinstance(each, ModuleType)]
    functions = [each for each in steps if not isinstance(each, ModuleType | str)]
    if functions:
        modules.append(module_of(*functions))
    return runtime.graph(modules, config=config, inputs=inputs)


def _graph_of_texts(
    texts: list[str], config: Mapping[str, Any] | None, inputs: Iterable[str] | None
) -> Graph:
    from stepwell.read import pipelines, source

    names = ["steps", *(f"steps{number}" for number in range(2, len(texts) + 1))]
    modules = [
        source.parse(text, file=f"{name}.py", module=name)
        for name, text in zip(names, texts, strict=True)
    ]
    return pipelines.graph(modules, config=config, inputs=inputs)


def _is_step(given: Any) -> bool:
    named = str(getattr(given, "__name__", "")).isidentifier()
    return named and not isinstance(given, type) and hasattr(unwrap(given), "__code__")


def _copy(function: Callable[..., Any]) -> Callable[..., Any]:
    if not isinstance(function, FunctionType):

        @wraps(function)
        def called(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        return called
    copy = FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    copy.__annotations__ = function.__annotations__
    copy.__doc__ = function.__doc__
    copy.__qualname__ = function.__name__
    copy.__dict__.update(function.__dict__)
    return copy
