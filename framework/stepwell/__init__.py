"""LLM and RAG pipelines as plain Python functions.

Names are imported when they are first used, so that a module of steps which needs `tag` alone
loads neither the driver nor anything of third parties.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stepwell.driver import Builder, Driver
    from stepwell.errors import (
        AdapterError,
        GraphError,
        HookError,
        MissingExtra,
        ModifierError,
        RequestError,
        StepwellError,
    )
    from stepwell.execution.events import (
        Chunk,
        RunFinished,
        StepFailed,
        StepFinished,
        StepStarted,
    )
    from stepwell.modifiers import (
        config,
        extract_fields,
        group,
        inject,
        node,
        parameterize,
        source,
        tag,
        value,
    )
    from stepwell.stream import Stream

__version__ = "0.1.0"

_ERRORS = (
    "AdapterError",
    "GraphError",
    "HookError",
    "MissingExtra",
    "ModifierError",
    "RequestError",
    "StepwellError",
)
_EVENTS = ("Chunk", "RunFinished", "StepFailed", "StepFinished", "StepStarted")
_MODIFIERS = (
    "config",
    "extract_fields",
    "group",
    "inject",
    "node",
    "parameterize",
    "source",
    "tag",
    "value",
)
_HOMES = {
    "Builder": "stepwell.driver",
    "Driver": "stepwell.driver",
    "Stream": "stepwell.stream",
    **dict.fromkeys(_ERRORS, "stepwell.errors"),
    **dict.fromkeys(_EVENTS, "stepwell.execution.events"),
    **dict.fromkeys(_MODIFIERS, "stepwell.modifiers"),
}

__all__ = [
    "AdapterError",
    "Builder",
    "Chunk",
    "Driver",
    "GraphError",
    "HookError",
    "MissingExtra",
    "ModifierError",
    "RequestError",
    "RunFinished",
    "StepFailed",
    "StepFinished",
    "StepStarted",
    "StepwellError",
    "Stream",
    "__version__",
    "config",
    "extract_fields",
    "group",
    "inject",
    "node",
    "parameterize",
    "source",
    "tag",
    "value",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module `stepwell` has no attribute `{name}`")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(home), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
