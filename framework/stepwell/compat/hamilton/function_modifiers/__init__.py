"""The decorators of steps, as Hamilton's users write them."""

from __future__ import annotations

from stepwell.compat.hamilton.function_modifiers.base import InvalidDecoratorException
from stepwell.compat.hamilton.function_modifiers.chained import (
    pipe,
    pipe_input,
    pipe_output,
    step,
)
from stepwell.compat.hamilton.function_modifiers.checked import (
    DATA_VALIDATOR_ORIGINAL_OUTPUT_TAG,
    IS_DATA_VALIDATOR_TAG,
    check_output,
    check_output_custom,
)
from stepwell.compat.hamilton.function_modifiers.conditions import config, hamilton_exclude
from stepwell.compat.hamilton.function_modifiers.parts import extract_columns, extract_fields
from stepwell.compat.hamilton.function_modifiers.stored import load_from, save_to
from stepwell.compat.hamilton.function_modifiers.tagged import (
    cache,
    ray_remote_options,
    schema,
    tag,
    tag_outputs,
)
from stepwell.compat.hamilton.function_modifiers.wiring import (
    LiteralDependency,
    UpstreamDependency,
    configuration,
    inject,
    parameterize,
    parameterize_sources,
    parameterize_values,
    parametrized_input,
)
from stepwell.compat.hamilton.function_modifiers.within import parameterized_subdag, subdag
from stepwell.modifiers import dataloader, datasaver, does, group, source, unpack_fields, value

parametrized = parameterize_values
parameterized_inputs = parameterize_sources

__all__ = [
    "DATA_VALIDATOR_ORIGINAL_OUTPUT_TAG",
    "IS_DATA_VALIDATOR_TAG",
    "InvalidDecoratorException",
    "LiteralDependency",
    "UpstreamDependency",
    "cache",
    "check_output",
    "check_output_custom",
    "config",
    "configuration",
    "dataloader",
    "datasaver",
    "does",
    "extract_columns",
    "extract_fields",
    "group",
    "hamilton_exclude",
    "inject",
    "load_from",
    "parameterize",
    "parameterize_sources",
    "parameterize_values",
    "parameterized_inputs",
    "parameterized_subdag",
    "parametrized",
    "parametrized_input",
    "pipe",
    "pipe_input",
    "pipe_output",
    "ray_remote_options",
    "save_to",
    "schema",
    "source",
    "step",
    "subdag",
    "tag",
    "tag_outputs",
    "unpack_fields",
    "value",
]
