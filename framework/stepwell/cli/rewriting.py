"""Imports of Hamilton to imports of `stepwell.compat.hamilton`, in a file's text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from stepwell.errors import require

if TYPE_CHECKING:
    import libcst

OLD, NEW = "hamilton", "stepwell.compat.hamilton"

NO_METHOD = {
    "with_cache": "an adapter of your own around nodes, a `NodeExecutionMethod`",
    "create_materializer_factory": "call `to.NAME(…)`",
    "call_lifecycle_method_sync": "call the adapter's own method",
    "call_all_lifecycle_hooks_sync": "call the adapter's own method",
}
"""Methods of its objects that have no counterpart, and what there is instead."""


class Gap(NamedTuple):
    """A use of something that has no counterpart here."""

    line: int
    what: str
    instead: str = ""


@dataclass
class Rewritten:
    """A file's text after the change; the same as before where nothing had to be changed."""

    text: str
    gaps: list[Gap] = field(default_factory=list)


def rewritten(text: str) -> Rewritten:
    """The text with its imports changed.

    Raises:
        MissingExtra: without libcst.
        SyntaxError: if it is no Python.
    """
    if OLD not in text:
        return Rewritten(text)
    cst = require("libcst", extra="migrate", what="`stepwell migrate`")
    metadata: Any = require("libcst.metadata", extra="migrate", what="`stepwell migrate`")
    try:
        wrapper = metadata.MetadataWrapper(cst.parse_module(text))
    except cst.ParserSyntaxError as error:
        raise SyntaxError(f"line {error.raw_line}: {error.message}") from None
    visitor = _visitor(cst, metadata)
    changed: libcst.Module = wrapper.visit(visitor)
    gaps = sorted({*visitor.gaps, *(_methods(cst, wrapper, metadata) if visitor.found else ())})
    return Rewritten(changed.code, gaps)


def _visitor(cst: Any, metadata: Any) -> Any:
    """A transformer of imports; `gaps` has what it met without a counterpart."""

    class Imports(cst.CSTTransformer):  # type: ignore[misc]
        METADATA_DEPENDENCIES = (metadata.PositionProvider,)

        def __init__(self) -> None:
            super().__init__()
            self.gaps: list[Gap] = []
            self.found = False

        def leave_ImportFrom(self, original: Any, updated: Any) -> Any:  # noqa: N802 — named by libcst
            home = _dotted(cst, updated.module)
            if updated.relative or not _is_old(home):
                return updated
            self.found = True
            line = self.get_metadata(metadata.PositionProvider, original).start.line
            names = (
                []
                if isinstance(updated.names, cst.ImportStar)
                else [_dotted(cst, alias.name) for alias in updated.names]
            )
            self.gaps += _missing(home, names, line)
            return updated.with_changes(module=_expression(cst, NEW + home[len(OLD) :]))

        def leave_SimpleStatementLine(self, original: Any, updated: Any) -> Any:  # noqa: N802 — named by libcst
            """`import a, hamilton.driver` becomes two statements, if it has to."""
            line = self.get_metadata(metadata.PositionProvider, original).start.line
            made: list[Any] = []
            for small in updated.body:
                if not isinstance(small, cst.Import):
                    made.append(small)
                    continue
                names = [_dotted(cst, alias.name) for alias in small.names]
                self.found |= any(map(_is_old, names))
                for name in filter(_is_old, names):
                    self.gaps += _missing(name, [], line)
                made += _imported(cst, small)
            return updated.with_changes(body=made)

    return Imports()


def _imported(cst: Any, small: Any) -> list[Any]:
    """What an `import` becomes; itself where Hamilton is not in it."""
    if not any(_is_old(_dotted(cst, alias.name)) for alias in small.names):
        return [small]
    made: list[Any] = []
    for alias in small.names:
        name = _dotted(cst, alias.name)
        if not _is_old(name):
            made.append(_import(cst, alias.name, alias.asname))
            continue
        new = _expression(cst, NEW + name[len(OLD) :])
        if alias.asname is not None:
            made.append(_import(cst, new, alias.asname))
            continue
        # `import hamilton.driver` binds `hamilton`, and so must what takes its place.
        if name != OLD:
            made.append(_import(cst, new, None))
        bound = cst.ImportAlias(name=cst.Name(OLD))
        made.append(cst.ImportFrom(module=_expression(cst, "stepwell.compat"), names=[bound]))
    return made


def _import(cst: Any, name: Any, asname: Any) -> Any:
    return cst.Import(names=[cst.ImportAlias(name=name, asname=asname)])


def _methods(cst: Any, wrapper: Any, metadata: Any) -> Iterator[Gap]:
    """Calls of methods that are not there, by their names alone."""
    positions = wrapper.resolve(metadata.PositionProvider)

    class Calls(cst.CSTVisitor):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.gaps: list[Gap] = []

        def visit_Attribute(self, node: Any) -> None:  # noqa: N802 — named by libcst
            name = node.attr.value
            if name in NO_METHOD:
                line = positions[node.attr].start.line
                self.gaps.append(Gap(line, f".{name}", NO_METHOD[name]))

    calls = Calls()
    wrapper.module.visit(calls)
    yield from calls.gaps


def _missing(home: str, names: list[str], line: int) -> Iterator[Gap]:
    """What of these names is not here, each as it was written."""
    from importlib import import_module
    from importlib.util import find_spec

    new = NEW + home[len(OLD) :]
    try:
        module = import_module(new)
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith(NEW):
            return  # it needs a library of its own
        for name in names or [""]:
            whole = f"{home}.{name}".rstrip(".")
            yield Gap(line, whole, _instead(whole))
        return
    for name in names:
        inside = hasattr(module, "__path__") and find_spec(f"{new}.{name}") is not None
        if not hasattr(module, name) and not inside:
            yield Gap(line, f"{home}.{name}", _instead(f"{home}.{name}"))


def _instead(name: str) -> str:
    return next((cure for start, cure in _INSTEAD if name.startswith(start)), "")


_INSTEAD = (
    ("hamilton.caching", "an adapter of your own around nodes, a `NodeExecutionMethod`"),
    ("hamilton.experimental", "what was tried there is in the core or was given up"),
    ("hamilton.plugins.h_ray", "`with_executor` takes an executor of Ray"),
    ("hamilton.plugins.h_dask", "`with_executor` takes an executor of Dask"),
    ("hamilton.plugins.h_spark", "`with_executor` takes an executor of Spark"),
    ("hamilton.plugins.h_opentelemetry", "`stepwell.tracing.Tracing`"),
    ("hamilton.plugins.h_ddog", "`stepwell.tracing.Tracing`, exported to Datadog"),
    ("hamilton.plugins.jupyter_magic", "`%load_ext stepwell.notebook`"),
    ("hamilton.plugins", "an adapter of your own; see the lifecycle guide"),
    ("hamilton.cli", "the command `stepwell`"),
    ("hamilton.dataflows", "an import of the module itself"),
)


def _is_old(name: str) -> bool:
    return name == OLD or name.startswith(f"{OLD}.")


def _dotted(cst: Any, node: Any) -> str:
    if isinstance(node, cst.Name):
        return str(node.value)
    if isinstance(node, cst.Attribute):
        return f"{_dotted(cst, node.value)}.{node.attr.value}"
    return ""


def _expression(cst: Any, dotted: str) -> Any:
    return cst.parse_expression(dotted)
