"""What a run gives: dicts, frames, matrices; and the adapters that were once needed for it."""

from __future__ import annotations

from typing import Any

from stepwell import lifecycle as core
from stepwell.compat.hamilton import htypes
from stepwell.compat.hamilton.lifecycle import api
from stepwell.compat.hamilton.node import Node
from stepwell.errors import require


class ResultMixin(api.LegacyResultMixin):
    """A result builder."""


class DictResult(ResultMixin):
    """The targets' values by name."""

    @staticmethod
    def build_result(**outputs: Any) -> dict[str, Any]:
        return outputs

    def output_type(self) -> Any:
        return dict[str, Any]


class PandasDataFrameResult(ResultMixin):
    """A frame with a column for each target; of a frame among others, one for each of its columns,
    called `target.column`."""

    @staticmethod
    def build_result(**outputs: Any) -> Any:
        """The frame.

        Raises:
            MissingExtra: without pandas.
        """
        pandas = require("pandas", extra="pandas", what="`PandasDataFrameResult`")
        if len(outputs) == 1:
            (only,) = outputs.values()
            if isinstance(only, pandas.DataFrame):
                return only
        if not any(pandas.api.types.is_list_like(value) for value in outputs.values()):
            return pandas.DataFrame([outputs])
        columns: dict[str, Any] = {}
        for name, value in outputs.items():
            if isinstance(value, pandas.DataFrame):
                columns |= {f"{name}.{column}": part for column, part in value.items()}
            else:
                columns[name] = value
        return pandas.DataFrame(columns)

    def output_type(self) -> Any:
        return require("pandas", extra="pandas", what="`PandasDataFrameResult`").DataFrame


class StrictIndexTypePandasDataFrameResult(PandasDataFrameResult):
    """As `PandasDataFrameResult`, where all indexes are of one kind."""

    @staticmethod
    def build_result(**outputs: Any) -> Any:
        """The frame.

        Raises:
            ValueError: if indexes are of different kinds, or there is none.
        """
        kinds: dict[str, list[str]] = {}
        for name, value in outputs.items():
            if (index := getattr(value, "index", None)) is not None and hasattr(index, "dtype"):
                kinds.setdefault(f"{type(index).__name__} of {index.dtype}", []).append(name)
        if len(kinds) != 1:
            told = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in kinds.items())
            raise ValueError(f"the indexes are not of one kind: {told or 'there is none'}")
        return PandasDataFrameResult.build_result(**outputs)


class NumpyMatrixResult(ResultMixin):
    """A matrix with a column for each target; single values fill theirs."""

    @staticmethod
    def build_result(**outputs: Any) -> Any:
        """The matrix.

        Raises:
            ValueError: for columns of different lengths.
        """
        made = core.NumpyResult().build_result(**outputs)
        return require("numpy", extra="local", what="`NumpyMatrixResult`").asmatrix(made)


class HamiltonGraphAdapter(api.GraphAdapter):
    """Several kinds of adapter in one."""


class SimplePythonDataFrameGraphAdapter(HamiltonGraphAdapter, PandasDataFrameResult):
    """Runs here, and gives a frame."""

    @staticmethod
    def check_input_type(node_type: Any, input_value: Any) -> bool:
        return htypes.check_input_type(node_type, input_value)

    @staticmethod
    def check_node_type_equivalence(node_type: Any, input_type: Any) -> bool:
        return bool(node_type == input_type)

    def execute_node(self, node: Node, kwargs: dict[str, Any]) -> Any:
        assert node.callable is not None
        return node.callable(**kwargs)


class SimplePythonGraphAdapter(SimplePythonDataFrameGraphAdapter):
    """Runs here, and gives what a result builder makes; a frame where none is given."""

    def __init__(self, result_builder: Any = None) -> None:
        self.result_builder = result_builder or PandasDataFrameResult()

    def build_result(self, **outputs: Any) -> Any:  # type: ignore[override]
        return self.result_builder.build_result(**outputs)

    def output_type(self) -> Any:
        return self.result_builder.output_type()


class DefaultAdapter(SimplePythonGraphAdapter):
    """Runs here, and gives a dict where no result builder is given."""

    def __init__(self, result_builder: Any = None) -> None:
        super().__init__(result_builder or DictResult())
