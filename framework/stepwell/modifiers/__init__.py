"""The decorators of steps: each one a `Modifier`, which expands one node into others.

Importing this loads nothing third-party, and of the modifiers those alone that are used, so that a
module of steps stays quick to import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.lazy import exports
from stepwell.modifiers import config, schema

if TYPE_CHECKING:
    from stepwell.modifiers.arguments import group, source, value
    from stepwell.modifiers.cached import cache
    from stepwell.modifiers.checked import check_output, check_output_custom
    from stepwell.modifiers.columns import extract_columns
    from stepwell.modifiers.extracted import extract_fields
    from stepwell.modifiers.fallen import fallback
    from stepwell.modifiers.filled import does
    from stepwell.modifiers.framed import with_columns
    from stepwell.modifiers.injected import inject
    from stepwell.modifiers.loading import dataloader, datasaver
    from stepwell.modifiers.modifier import Modifier
    from stepwell.modifiers.mutated import apply_to, mutate
    from stepwell.modifiers.named import node
    from stepwell.modifiers.parameterized import parameterize
    from stepwell.modifiers.parameterized_columns import parameterize_extract_columns
    from stepwell.modifiers.parameterized_sources import parameterize_sources
    from stepwell.modifiers.parameterized_values import parameterize_values
    from stepwell.modifiers.piped import pipe_input, pipe_output, step
    from stepwell.modifiers.retried import retry
    from stepwell.modifiers.routed import otherwise, when, when_in, when_not, when_not_in
    from stepwell.modifiers.stored import load_from, save_to
    from stepwell.modifiers.tagged import tag
    from stepwell.modifiers.tagged_outputs import tag_outputs
    from stepwell.modifiers.timed import timeout
    from stepwell.modifiers.unpacked import unpack_fields
    from stepwell.modifiers.within import subdag
    from stepwell.modifiers.within_each import parameterized_subdag

__all__ = [
    "Modifier",
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
        "stepwell.modifiers.mutated": "apply_to mutate",
        "stepwell.modifiers.parameterized_columns": "parameterize_extract_columns",
        "stepwell.modifiers.arguments": "group source value",
        "stepwell.modifiers.cached": "cache",
        "stepwell.modifiers.checked": "check_output check_output_custom",
        "stepwell.modifiers.columns": "extract_columns",
        "stepwell.modifiers.extracted": "extract_fields",
        "stepwell.modifiers.fallen": "fallback",
        "stepwell.modifiers.filled": "does",
        "stepwell.modifiers.framed": "with_columns",
        "stepwell.modifiers.injected": "inject",
        "stepwell.modifiers.loading": "dataloader datasaver",
        "stepwell.modifiers.modifier": "Modifier",
        "stepwell.modifiers.named": "node",
        "stepwell.modifiers.parameterized": "parameterize",
        "stepwell.modifiers.parameterized_sources": "parameterize_sources",
        "stepwell.modifiers.parameterized_values": "parameterize_values",
        "stepwell.modifiers.piped": "pipe_input pipe_output step",
        "stepwell.modifiers.retried": "retry",
        "stepwell.modifiers.routed": "otherwise when when_in when_not when_not_in",
        "stepwell.modifiers.stored": "load_from save_to",
        "stepwell.modifiers.tagged": "tag",
        "stepwell.modifiers.tagged_outputs": "tag_outputs",
        "stepwell.modifiers.timed": "timeout",
        "stepwell.modifiers.unpacked": "unpack_fields",
        "stepwell.modifiers.within": "subdag",
        "stepwell.modifiers.within_each": "parameterized_subdag",
    },
)
