"""The decorators of steps, as Hamilton's users write them."""

from __future__ import annotations

from stepwell.compat.hamilton.function_modifiers.adapters import dataloader, load_from, save_to
from stepwell.compat.hamilton.function_modifiers.base import InvalidDecoratorException
from stepwell.compat.hamilton.function_modifiers.configuration import config, hamilton_exclude
from stepwell.compat.hamilton.function_modifiers.delayed import (
    ResolveAt,
    dynamic_transform,
    model,
    resolve,
    resolve_from_config,
)
from stepwell.compat.hamilton.function_modifiers.dependencies import (
    LiteralDependency,
    UpstreamDependency,
    configuration,
    inject,
    parameterize,
    parameterize_sources,
    parameterize_values,
    parametrized_input,
)
from stepwell.compat.hamilton.function_modifiers.expanders import (
    ParameterizedExtract,
    extract_columns,
    extract_fields,
    parameterize_extract_columns,
)
from stepwell.compat.hamilton.function_modifiers.macros import (
    pipe,
    pipe_input,
    pipe_output,
    step,
)
from stepwell.compat.hamilton.function_modifiers.metadata import (
    cache,
    ray_remote_options,
    schema,
    tag,
    tag_outputs,
)
from stepwell.compat.hamilton.function_modifiers.outside import apply_to, mutate
from stepwell.compat.hamilton.function_modifiers.recursive import parameterized_subdag, subdag
from stepwell.compat.hamilton.function_modifiers.validation import (
    DATA_VALIDATOR_ORIGINAL_OUTPUT_TAG,
    IS_DATA_VALIDATOR_TAG,
    check_output,
    check_output_custom,
)
from stepwell.modifiers import datasaver, does, group, source, unpack_fields, value

parametrized = parameterize_values
parameterized_inputs = parameterize_sources

__all__ = [
    "DATA_VALIDATOR_ORIGINAL_OUTPUT_TAG",
    "IS_DATA_VALIDATOR_TAG",
    "InvalidDecoratorException",
    "LiteralDependency",
    "ParameterizedExtract",
    "ResolveAt",
    "UpstreamDependency",
    "apply_to",
    "cache",
    "check_output",
    "check_output_custom",
    "config",
    "configuration",
    "dataloader",
    "datasaver",
    "does",
    "dynamic_transform",
    "extract_columns",
    "extract_fields",
    "group",
    "hamilton_exclude",
    "inject",
    "load_from",
    "model",
    "mutate",
    "parameterize",
    "parameterize_extract_columns",
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
    "resolve",
    "resolve_from_config",
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
