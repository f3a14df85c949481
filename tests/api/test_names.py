"""The public names; a change of one of these lists is a change for users."""

from __future__ import annotations

from importlib import import_module
from inspect import isclass, isfunction

import pytest

PUBLIC = {
    "stepwell": """
        AdapterError BudgetExceeded Builder CheckFailed Chunk Collect Collecting Driver GraphError
        HookError ItemFailed MissingExtra ModifierError Parallelizable RequestError RunFinished
        SKIPPED StepFailed StepFinished StepSkipped StepStarted StepwellError StoreError Stream
        StreamReset Unavailable __version__ apply_to cache check_output check_output_custom config
        dataloader datasaver does extract_columns extract_fields fallback group inject load_from
        mutate node otherwise parameterize parameterize_extract_columns parameterize_sources
        parameterize_values parameterized_subdag pipe_input pipe_output retry save_to schema
        source step subdag tag tag_outputs timeout unpack_fields value when when_in when_not
        when_not_in with_columns
    """,
    "stepwell.driver": "Builder Driver from_ to",
    "stepwell.draw": "Direction Looks Options dot html mermaid picture text",
    "stepwell.executors": """
        AsyncioExecutor DaskExecutor Executor InlineExecutor ProcessesExecutor RayExecutor
        SparkExecutor ThreadsExecutor
    """,
    "stepwell.lifecycle": """
        DictResult EdgeConnectionHook Failure Fallback FunctionInputOutputTypeChecker
        GracefulErrorAdapter GraphAdapter GraphConstructionHook GraphExecutionHook Hedge
        LogRuns NoEdgeAndInputTypeChecking NodeExecutionHook NodeExecutionMethod NumpyResult
        Observer PDBDebugger PandasResult PolarsResult PrintLn ProgressBar ResultBuilder
        Retry RunIds SlowDown StaticValidator TaskExecutionHook TaskGroupingHook
        TaskReturnHook TaskSubmissionHook Timeout base_hook base_method base_validator
    """,
    "stepwell.lifecycle.base": """
        DoBuildResult DoCheckEdgeTypesMatch DoNodeExecute DoRemoteExecute DoValidateInput
        PostGraphConstruct PostGraphExecute PostNodeExecute PostTaskExecute PostTaskExpand
        PostTaskGroup PostTaskReturn PreDoAnything PreGraphExecute PreNodeExecute PreTaskExecute
        PreTaskSubmission ValidateGraph ValidateNode base_hook base_method base_validator
    """,
    "stepwell.llm": """
        BadAnswer Budget Call CircuitBreaker Cost Price RateLimit TokenAccounting Usage arguments_in
        metered record_usage text_in
    """,
    "stepwell.local": """
        Document Embedder Embeddings Hit MODELS ModelServer OpenAIEmbedder Passage PostgresStore
        ServerError VectorStore corpus_digest files_in python_docs read_files split
    """,
    "stepwell.modifiers": """
        Modifier apply_to cache check_output check_output_custom config dataloader datasaver does
        extract_columns extract_fields fallback group inject load_from mutate node otherwise
        parameterize parameterize_extract_columns parameterize_sources parameterize_values
        parameterized_subdag pipe_input pipe_output retry save_to schema source step subdag tag
        tag_outputs timeout unpack_fields value when when_in when_not when_not_in with_columns
    """,
    "stepwell.store": "PastRun PastStep RunStore Runs StoreError store_path",
    "stepwell.testing": """
        Coverage FakeModel Fakes NotRecorded Received Reply cassette graph_of module_of
    """,
    "stepwell.tracing": "Tracing",
}


@pytest.mark.parametrize("module", PUBLIC)
def test_a_module_exports_these_names_and_no_others(module: str) -> None:
    assert sorted(import_module(module).__all__) == sorted(PUBLIC[module].split())


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_name_is_there_and_says_what_it_is(module: str) -> None:
    found = import_module(module)
    for name in found.__all__:
        value = getattr(found, name)
        if isclass(value) or isfunction(value):
            assert value.__doc__, name
