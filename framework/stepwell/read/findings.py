"""What is wrong with the pipelines of a workspace, each finding once, though several have it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from stepwell.diagnostic import Diagnostic
from stepwell.read.pipelines import Pipeline
from stepwell.spec import Span

_CERTAIN = ("SW0", "SW3")
"""What stands in one file and is wrong there, whatever pipeline that becomes part of."""

_NAMED = 3  # how many pipelines a message lists


def merged(
    checked: Iterable[tuple[Pipeline, Iterable[Diagnostic]]],
) -> list[Diagnostic]:
    """The findings of all these pipelines.

    One that is true of some of the pipelines that share a file, and not of the others, names them.
    What would stop a build is a warning in a module that is no pipeline yet.
    """
    homes: dict[str, list[str]] = {}
    found: dict[tuple[object, ...], tuple[Diagnostic, list[str]]] = {}
    for pipeline, diagnostics in checked:
        name = _name(pipeline)
        for module in pipeline.modules:
            homes.setdefault(module.file, []).append(name)
        for one in diagnostics:
            one = _softer(one) if pipeline.alone else one
            one = one if one.span else _placed(one, pipeline)
            key = one.code, one.span, one.message
            found.setdefault(key, (one, []))[1].append(name)
    return [
        _of(one, names, homes.get(one.span.file, []) if one.span else [])
        for one, names in found.values()
    ]


def unreadable(pipelines: Iterable[Pipeline]) -> set[str]:
    """The files of pipelines of which something can't be known, so that rules are silent there."""
    return {
        module.file
        for pipeline in pipelines
        if pipeline.graph.holes or any(one.code == "SW001" for one in pipeline.graph.problems)
        for module in pipeline.modules
    }


def _placed(one: Diagnostic, pipeline: Pipeline) -> Diagnostic:
    """What is about no place in particular stands where the driver is built, or on top."""
    if pipeline.span is not None or not pipeline.modules:
        return replace(one, span=pipeline.span)
    return replace(one, span=Span(pipeline.modules[0].file, 1))


def _softer(one: Diagnostic) -> Diagnostic:
    if one.severity == "error" and not one.code.startswith(_CERTAIN):
        return replace(one, severity="warning")
    return one


def _of(one: Diagnostic, names: Sequence[str], sharing: Sequence[str]) -> Diagnostic:
    """The finding, with the pipelines that it is true of where that is not all of them."""
    wrong = list(dict.fromkeys(names))
    if len(wrong) >= len(set(sharing)) or one.code.startswith(_CERTAIN):
        return one
    listed = ", ".join(f"`{name}`" for name in wrong[:_NAMED])
    more = f" and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
    plural = "s" * (len(wrong) > 1)
    return replace(one, message=f"{one.message} (in pipeline{plural} {listed}{more})")


def _name(pipeline: Pipeline) -> str:
    """The declared name; of a driver, the end of its path."""
    if pipeline.span is None:
        return pipeline.name
    end = "/".join(pipeline.span.file.replace("\\", "/").split("/")[-2:])
    return f"{end}:{pipeline.span.line}"
