"""The public names; a change of one of these lists is a change for users."""

from __future__ import annotations

from importlib import import_module

import pytest

PUBLIC = {
    "stepwell.lifecycle": """
        DictResult EdgeConnectionHook Failure FunctionInputOutputTypeChecker GracefulErrorAdapter
        GraphAdapter GraphConstructionHook GraphExecutionHook NoEdgeAndInputTypeChecking
        NodeExecutionHook NodeExecutionMethod NumpyResult Observer PDBDebugger PandasResult
        PolarsResult PrintLn ProgressBar ResultBuilder SlowDown StaticValidator TaskExecutionHook
        TaskGroupingHook TaskReturnHook TaskSubmissionHook base_hook base_method base_validator
    """,
    "stepwell.lifecycle.base": """
        DoBuildResult DoCheckEdgeTypesMatch DoNodeExecute DoRemoteExecute DoValidateInput
        PostGraphConstruct PostGraphExecute PostNodeExecute PostTaskExecute PostTaskExpand
        PostTaskGroup PostTaskReturn PreDoAnything PreGraphExecute PreNodeExecute PreTaskExecute
        PreTaskSubmission ValidateGraph ValidateNode base_hook base_method base_validator
    """,
    "stepwell.testing": "graph_of module_of",
}


@pytest.mark.parametrize("module", PUBLIC)
def test_a_module_exports_these_names_and_no_others(module: str) -> None:
    assert sorted(import_module(module).__all__) == sorted(PUBLIC[module].split())


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_name_is_there_and_says_what_it_is(module: str) -> None:
    found = import_module(module)
    for name in found.__all__:
        assert getattr(found, name).__doc__
