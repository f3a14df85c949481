"""`with_columns`, for frames of pandas and polars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from stepwell.compat.hamilton.function_modifiers.base import like
from stepwell.modifiers import with_columns as core_with_columns
from stepwell.modifiers.arguments import wholes
from stepwell.modifiers.framed import WithColumns
from stepwell.modifiers.modifier import Reading
from stepwell.modifiers.within import Part
from stepwell.spec import NOTHING, Node


@dataclass(frozen=True)
class InNamespace(WithColumns):
    """Puts columns' nodes between a frame and the step, in the namespace of the step."""

    def apply(self, nodes: Sequence[Node], reading: Reading) -> Iterable[Node]:
        own = next(iter(wholes(nodes)), None)
        space = self.namespace or (own.name if own is not None else None)
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        return WithColumns(**{**given, "namespace": space}).apply(nodes, reading)


@like(core_with_columns)
def with_columns(
    *load_from: Part,
    columns_to_pass: Sequence[str] | None = None,
    pass_dataframe_as: str | None = None,
    on_input: str | None = None,
    select: Sequence[str] | None = None,
    namespace: str | None = None,
    config_required: Sequence[str] | None = None,
) -> InNamespace:
    """Columns that the steps of these parts make, in the frame that the step reads.

    Args:
        load_from: functions, and modules of which all steps are meant.
        columns_to_pass: columns of the frame that the steps inside read by these names.
        pass_dataframe_as: the name under which they read the frame itself.
        on_input: the parameter that reads the frame, which the steps inside read too.
        select: which of the nodes become columns.
        namespace: stands before the names inside; the step's name where it is not said.
        config_required: need not be said.
    """
    frame = pass_dataframe_as or on_input
    return InNamespace(
        load_from, columns_to_pass, frame, on_input, select, NOTHING, NOTHING, namespace
    )
