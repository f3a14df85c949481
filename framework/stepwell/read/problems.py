"""What a reader finds wrong before there is a graph: the same words for both readers."""

from __future__ import annotations

from stepwell.diagnostic import Diagnostic, Edit, Fix
from stepwell.errors import ModifierError
from stepwell.modifiers.arguments import Named, short
from stepwell.rules.secrets import hidden
from stepwell.spec import Node, Span

_MODIFIER_NAMES = {"SW301": "modifier-unknown-parameter", "SW302": "modifier-bad-argument"}


def syntax_error(message: str, span: Span) -> Diagnostic:
    """The text does not parse at `span`."""
    return Diagnostic("SW001", "syntax-error", message, span=span)


def not_a_module(given: object) -> Diagnostic:
    """Something other than a module was given where steps are read from."""
    if isinstance(given, str):
        fact, cure = f"the string `{given!r}` is no module", "import it and pass the module itself"
    elif isinstance(given, type):
        fact, cure = f"the class `{given.__name__}` is no module", "steps are functions of a module"
    elif callable(given):
        name = getattr(given, "__name__", type(given).__name__)
        fact = "a lambda is no module" if name == "<lambda>" else f"`{name}` is no module"
        cure = "pass the module it is in, or `stepwell.testing.module_of(…)`"
    else:
        fact, cure = f"`{given!r}` is no module", "pass imported modules"
    return Diagnostic("SW003", "not-a-module", f"{fact}; {cure}")


def not_a_step(given: object) -> Diagnostic:
    """Something other than a named function was given as a step."""
    if isinstance(given, type):
        message = f"the class `{given.__name__}` is no step; write a function that makes one"
    elif getattr(given, "__name__", "") == "<lambda>":
        message = "a lambda is no step: it has no name and no annotations; write a `def`"
    else:
        message = f"`{given!r}` is no step; steps are functions"
    return Diagnostic("SW004", "not-a-step", message)


def refused(by: object, name: str, why: str | None, span: Span | None) -> Diagnostic:
    """A step, or the graph where `name` is empty, that an adapter's validator refused."""
    what = f"`{name}`" if name else "the graph"
    message = f"{by} refuses {what}" + (f": {why}" if why else "")
    return Diagnostic("SW111", "refused-by-adapter", message, span=span, node=name)


def variadic(step: str, parameter: str, span: Span | None) -> Diagnostic:
    """A step takes `*args` or `**kwargs`, which name nothing that could be wired."""
    message = (
        f"`{step}` takes `{parameter}`, which names no node or input; "
        "name each parameter, or bind a list with `inject(…=group(…))`"
    )
    return Diagnostic("SW005", "variadic-parameter", message, span=span, node=step)


def no_function(given: object) -> str:
    """Something other than a function of Python was given where a modifier takes one."""
    if isinstance(given, Named):
        return f"`{given.name}` is no function written in Python; write one that calls it"
    return f"`{short(given)}` is no function; name one that is written with `def`"


def bad_modifier(node: Node, error: ModifierError, span: Span | None = None) -> Diagnostic:
    """A modifier of `node` was given an argument that it can't use."""
    name = _MODIFIER_NAMES.get(error.code, "modifier-bad-argument")
    step = node.step or node.name
    message = hidden(str(error))
    if f"`{step}`" not in message:
        message = f"{message} (on `{step}`)"
    fix = _rename(span, error.argument.rpartition(".")[2], error.near)
    return Diagnostic(error.code, name, message, span=span or node.span, fix=fix, node=step)


def secret(what: str, span: Span) -> Diagnostic:
    """Text at `span` looks like a key."""
    message = f"this looks like {what}; read it from the environment, and take this one back"
    return Diagnostic("SW507", "secret-in-source", message, span=span)


def _rename(span: Span | None, written: str, near: str) -> Fix | None:
    """Puts the name that was meant in the place of the one written, where `span` is just that."""
    if not near or span is None or span.line != span.end_line:
        return None
    if span.end_column - span.column != len(written):
        return None
    return Fix(f"Rename to `{near}`", (Edit(span, near),), safe=True)
