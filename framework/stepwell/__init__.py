"""LLM and RAG pipelines as plain Python functions.

Names are imported when they are first used, so that a module of steps which needs `tag` alone
loads neither the driver nor anything of third parties.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.lazy import exports

if TYPE_CHECKING:
    from stepwell.driver import Builder, Driver
    from stepwell.errors import (
        AdapterError,
        BudgetExceeded,
        CheckFailed,
        GraphError,
        HookError,
        MissingExtra,
        ModifierError,
        RequestError,
        StepwellError,
        StoreError,
        Unavailable,
    )
    from stepwell.execution.events import (
        Chunk,
        RunFinished,
        StepFailed,
        StepFinished,
        StepSkipped,
        StepStarted,
        StreamReset,
    )
    from stepwell.fanout import Collect, Collecting, ItemFailed, Parallelizable
    from stepwell.modifiers import (
        apply_to,
        cache,
        check_output,
        check_output_custom,
        config,
        dataloader,
        datasaver,
        does,
        extract_columns,
        extract_fields,
        fallback,
        group,
        inject,
        load_from,
        mutate,
        node,
        otherwise,
        parameterize,
        parameterize_extract_columns,
        parameterize_sources,
        parameterize_values,
        parameterized_subdag,
        pipe_input,
        pipe_output,
        retry,
        save_to,
        schema,
        source,
        step,
        subdag,
        tag,
        tag_outputs,
        timeout,
        unpack_fields,
        value,
        when,
        when_in,
        when_not,
        when_not_in,
        with_columns,
    )
    from stepwell.routes import SKIPPED
    from stepwell.stream import Stream

__version__ = "0.1.0"

__all__ = [
    "SKIPPED",
    "AdapterError",
    "BudgetExceeded",
    "Builder",
    "CheckFailed",
    "Chunk",
    "Collect",
    "Collecting",
    "Driver",
    "GraphError",
    "HookError",
    "ItemFailed",
    "MissingExtra",
    "ModifierError",
    "Parallelizable",
    "RequestError",
    "RunFinished",
    "StepFailed",
    "StepFinished",
    "StepSkipped",
    "StepStarted",
    "StepwellError",
    "StoreError",
    "Stream",
    "StreamReset",
    "Unavailable",
    "__version__",
    "apply_to",
    "cache",
    "check_output",
    "check_output_custom",
    "config",
    "dataloader",
    "datasaver",
    "does",
    "extract_columns",
    "extract_fields",
    "fallback",
    "group",
    "inject",
    "load_from",
    "mutate",
    "node",
    "otherwise",
    "parameterize",
    "parameterize_extract_columns",
    "parameterize_sources",
    "parameterize_values",
    "parameterized_subdag",
    "pipe_input",
    "pipe_output",
    "retry",
    "save_to",
    "schema",
    "source",
    "step",
    "subdag",
    "tag",
    "tag_outputs",
    "timeout",
    "unpack_fields",
    "value",
    "when",
    "when_in",
    "when_not",
    "when_not_in",
    "with_columns",
]

__getattr__, __dir__ = exports(
    __name__,
    {
        "stepwell.driver": "Builder Driver",
        "stepwell.errors": (
            "AdapterError BudgetExceeded CheckFailed GraphError HookError MissingExtra "
            "ModifierError RequestError StepwellError StoreError Unavailable"
        ),
        "stepwell.execution.events": (
            "Chunk RunFinished StepFailed StepFinished StepSkipped StepStarted StreamReset"
        ),
        "stepwell.fanout": "Collect Collecting ItemFailed Parallelizable",
        "stepwell.modifiers": (
            "apply_to cache check_output check_output_custom config dataloader datasaver does "
            "extract_columns extract_fields fallback group inject load_from mutate node "
            "otherwise parameterize parameterize_extract_columns parameterize_sources "
            "parameterize_values parameterized_subdag pipe_input pipe_output retry save_to "
            "schema source step subdag tag tag_outputs timeout unpack_fields value when when_in "
            "when_not when_not_in with_columns"
        ),
        "stepwell.routes": "SKIPPED",
        "stepwell.stream": "Stream",
    },
)
