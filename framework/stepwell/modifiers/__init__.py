"""The decorators of steps: each one a `Modifier`, which expands one node into others.

Importing this loads nothing third-party, so that a module of steps stays quick to import.
"""

from stepwell.modifiers import config, schema
from stepwell.modifiers.arguments import group, source, value
from stepwell.modifiers.cached import cache
from stepwell.modifiers.checked import check_output, check_output_custom
from stepwell.modifiers.columns import extract_columns
from stepwell.modifiers.extracted import extract_fields
from stepwell.modifiers.fallen import fallback
from stepwell.modifiers.filled import does
from stepwell.modifiers.injected import inject
from stepwell.modifiers.loading import dataloader, datasaver
from stepwell.modifiers.modifier import Modifier
from stepwell.modifiers.named import node
from stepwell.modifiers.parameterized import parameterize
from stepwell.modifiers.parameterized_sources import parameterize_sources
from stepwell.modifiers.parameterized_subdag import parameterized_subdag
from stepwell.modifiers.parameterized_values import parameterize_values
from stepwell.modifiers.piped import pipe_input, pipe_output, step
from stepwell.modifiers.retried import retry
from stepwell.modifiers.stored import load_from, save_to
from stepwell.modifiers.subdag import subdag
from stepwell.modifiers.tagged import tag
from stepwell.modifiers.tagged_outputs import tag_outputs
from stepwell.modifiers.timed import timeout
from stepwell.modifiers.unpacked import unpack_fields
from stepwell.modifiers.with_columns import with_columns

__all__ = [
    "Modifier",
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
    "node",
    "parameterize",
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
    "with_columns",
]
