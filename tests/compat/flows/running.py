"""Adapters, fan-outs, event loops, and decorators that the configuration decides."""

import asyncio

from hamilton import ad_hoc_utils, async_driver, base, driver, lifecycle, telemetry
from hamilton.execution import executors, grouping
from hamilton.function_modifiers import (
    ResolveAt,
    extract_fields,
    parameterize_sources,
    resolve,
    resolve_from_config,
    tag,
)
from hamilton.htypes import Collect, Parallelizable
from hamilton.lifecycle import base as lifecycle_base
from hamilton.lifecycle import default


def _module(*functions):
    return ad_hoc_utils.create_temporary_module(*functions)


def _built(*functions, adapters=(), config=None):
    return (
        driver.Builder()
        .with_modules(_module(*functions))
        .with_config(config or {})
        .with_adapters(*adapters)
        .build()
    )


def doubled(x: int) -> int:
    return x * 2


@tag(kind="sum")
def total(doubled: int, y: float = 1.0) -> float:
    return doubled + y


def broken(doubled: int) -> int:
    raise KeyError("broken")


def after_broken(broken: int) -> int:
    return broken + 1


class _Log(
    lifecycle.NodeExecutionHook, lifecycle.GraphExecutionHook, lifecycle.GraphConstructionHook
):
    def __init__(self):
        self.log = []

    def run_after_graph_construction(self, *, graph, config, **future_kwargs):
        self.log.append(("built", sorted(n.name for n in graph.nodes), dict(config)))

    def run_before_graph_execution(
        self, *, graph, final_vars, inputs, overrides, execution_path, run_id, **future_kwargs
    ):
        self.log.append(("begins", list(final_vars), inputs, overrides, sorted(execution_path)))

    def run_after_graph_execution(self, *, graph, success, error, results, run_id, **future_kwargs):
        self.log.append(("ends", success, type(error).__name__, results))

    def run_before_node_execution(
        self,
        *,
        node_name,
        node_tags,
        node_kwargs,
        node_return_type,
        task_id,
        run_id,
        node_input_types,
        **future_kwargs,
    ):
        own = {key: each for key, each in node_tags.items() if key != "module"}
        self.log.append(("before", node_name, own, node_kwargs, node_return_type, node_input_types))

    def run_after_node_execution(
        self,
        *,
        node_name,
        node_tags,
        node_kwargs,
        node_return_type,
        result,
        error,
        success,
        task_id,
        run_id,
        **future_kwargs,
    ):
        self.log.append(("after", node_name, result, type(error).__name__, success))


def hooks_of_a_run():
    log = _Log()
    _built(doubled, total, adapters=[log]).execute(["total"], inputs={"x": 3})
    return log.log


def hooks_of_a_failing_run():
    log = _Log()
    try:
        _built(doubled, broken, adapters=[log]).execute(["broken"], inputs={"x": 3})
    except KeyError as error:
        log.log.append(("raised", type(error).__name__))
    return log.log


def an_error_arrives_as_itself():
    return _built(doubled, broken).execute(["broken"], inputs={"x": 1})


def a_method_around_nodes():
    class Twice(lifecycle.NodeExecutionMethod):
        def run_to_execute_node(self, *, node_name, node_callable, node_kwargs, **future_kwargs):
            return node_callable(**node_kwargs) * 10

    return _built(doubled, total, adapters=[Twice()]).execute(["total"], inputs={"x": 3})


def the_internal_level():
    log = []

    class Inner(
        lifecycle_base.BasePreNodeExecute,
        lifecycle_base.BasePostNodeExecute,
        lifecycle_base.BasePreDoAnythingHook,
    ):
        def pre_do_anything(self):
            log.append("anything")

        def pre_node_execute(self, *, run_id, node_, kwargs, task_id=None):
            log.append(
                [node_.name, node_.type, sorted(node_.input_types), kwargs, node_.user_defined]
            )

        def post_node_execute(self, *, run_id, node_, kwargs, success, error, result, task_id=None):
            log.append([node_.name, success, result])

    _built(doubled, total, adapters=[Inner()]).execute(["total"], inputs={"x": 3})
    return log


def validators():
    class NoSums(lifecycle.StaticValidator):
        def run_to_validate_node(self, *, node, **future_kwargs):
            return node.tags.get("kind") != "sum", "no sums here"

        def run_to_validate_graph(self, graph, **future_kwargs):
            return True, None

    return [
        _built(doubled, adapters=[NoSums()]).execute(["doubled"], inputs={"x": 1}),
        _came_to(lambda: _built(doubled, total, adapters=[NoSums()])),
    ]


def _came_to(call):
    try:
        return call()
    except Exception:
        return "refused"


def edges_are_permitted():
    def word() -> str:
        return "a"

    def length(word: list) -> int:
        return len(word)

    class Lenient(lifecycle.EdgeConnectionHook):
        def check_edge_types_match(self, type_from, type_to, **kwargs):
            return type_from is list and type_to is str

        def validate_input(self, node_type, input_value, **kwargs):
            return True

    return _built(word, length, adapters=[Lenient()]).execute(["length"])


def no_types_at_all():
    def word() -> str:
        return "a"

    def length(word: list, more: int) -> int:
        return len(word)

    dr = _built(word, length, adapters=[default.NoEdgeAndInputTypeChecking()])
    return dr.execute(["length"], inputs={"more": "two"})


def errors_with_grace():
    adapter = lifecycle.GracefulErrorAdapter(error_to_catch=KeyError, sentinel_value=None)
    dr = _built(doubled, total, broken, after_broken, adapters=[adapter])
    return dr.execute(["total", "after_broken"], inputs={"x": 1})


def errors_that_are_wanted():
    @lifecycle.accept_error_sentinels
    def told(broken: int, doubled: int) -> str:
        return f"{broken} {doubled}"

    adapter = lifecycle.GracefulErrorAdapter(error_to_catch=Exception, sentinel_value="failed")
    dr = _built(doubled, broken, told, adapters=[adapter])
    return dr.execute(["told"], inputs={"x": 1})


def types_checked_while_running():
    def word(x: int) -> str:
        return x

    dr = _built(word, adapters=[lifecycle.FunctionInputOutputTypeChecker()])
    return dr.execute(["word"], inputs={"x": 1})


def printed_lines():
    lines = []
    dr = _built(doubled, total, adapters=[lifecycle.PrintLn(print_fn=lines.append)])
    dr.execute(["total"], inputs={"x": 1})
    return any("total" in line for line in lines)


def numbers(count: int) -> Parallelizable[int]:
    yield from range(count)


def square(numbers: int) -> int:
    return numbers * numbers


def square_and(square: int, offset: int) -> int:
    return square + offset


def summed(square_and: Collect[int]) -> int:
    return sum(square_and)


def listed(square_and: Collect[int]) -> list:
    return list(square_and)


def _dynamic(*functions):
    return (
        driver.Builder()
        .with_modules(_module(*functions))
        .enable_dynamic_execution(allow_experimental_mode=True)
    )


def fan_outs():
    given = {"count": 5, "offset": 10}
    builders = [
        _dynamic(numbers, square, square_and, summed),
        _dynamic(numbers, square, square_and, summed)
        .with_local_executor(executors.SynchronousLocalTaskExecutor())
        .with_remote_executor(executors.MultiThreadingExecutor(max_tasks=3)),
        _dynamic(numbers, square, square_and, listed)
        .with_remote_executor(executors.SynchronousLocalTaskExecutor())
        .with_grouping_strategy(grouping.GroupByRepeatableBlocks()),
        _dynamic(numbers, square, square_and, listed).with_execution_manager(
            executors.DefaultExecutionManager()
        ),
    ]
    targets = [["summed"], ["summed"], ["listed"], ["listed"]]
    return [
        each.build().execute(names, inputs=given)
        for each, names in zip(builders, targets, strict=True)
    ]


def fan_outs_of_nothing():
    dr = _dynamic(numbers, square, square_and, listed).build()
    return [dr.execute(["listed"], inputs={"count": n, "offset": 1}) for n in (0, 1)]


def hooks_of_a_fan_out():
    log = []

    class Count(lifecycle.NodeExecutionHook):
        def run_before_node_execution(self, *, node_name, task_id, **future_kwargs):
            log.append(node_name)

        def run_after_node_execution(self, **future_kwargs):
            pass

    dr = (
        _dynamic(numbers, square, square_and, listed)
        .with_remote_executor(executors.SynchronousLocalTaskExecutor())
        .with_adapters(Count())
        .build()
    )
    dr.execute(["listed"], inputs={"count": 3, "offset": 1})
    return sorted(log)


async def fetched(x: int) -> int:
    await asyncio.sleep(0)
    return x + 1


async def both(fetched: int, doubled: int) -> dict:
    return {"fetched": fetched, "doubled": doubled}


fetched_, both_ = fetched, both


def event_loops():
    async def run():
        dr = await async_driver.Builder().with_modules(_module(fetched_, both_, doubled)).build()
        old = async_driver.AsyncDriver({}, _module(fetched_, both_, doubled))
        told = async_driver.AsyncDriver(
            {"x": 7}, _module(fetched_, doubled), result_builder=base.DictResult()
        )
        return [
            await dr.execute(["both", "fetched"], inputs={"x": 1}),
            await (await old.ainit()).execute(["both"], inputs={"x": 2}),
            await told.execute(["fetched", "doubled"]),
            await dr.execute(["both"], inputs={"x": 1}, overrides={"doubled": 100}),
        ]

    return asyncio.run(run())


def async_hooks():
    log = []

    class Heard(lifecycle_base.BasePreNodeExecuteAsync, lifecycle_base.BasePostGraphExecuteAsync):
        async def pre_node_execute(self, *, run_id, node_, kwargs, task_id=None):
            log.append(node_.name)

        async def post_graph_execute(self, *, run_id, graph, success, error, results):
            log.append(success)

    async def run():
        builder = async_driver.Builder().with_modules(_module(fetched_, doubled))
        dr = await builder.with_adapters(Heard()).build()
        await dr.execute(["fetched"], inputs={"x": 1})

    asyncio.run(run())
    return log


def two_builders_in_a_loop():
    return async_driver.AsyncDriver(
        {}, _module(doubled), result_builder=base.DictResult(), adapters=[base.DictResult()]
    )


def resolved_by_config():
    @resolve(
        when=ResolveAt.CONFIG_AVAILABLE,
        decorate_with=lambda pairs, more=(): parameterize_sources(
            **{f"{a}_{b}": {"left": a, "right": b} for a, b in [*pairs, *more]}
        ),
    )
    def added(left: int, right: int) -> int:
        return left + right

    config = {"pairs": [("a", "b"), ("b", "c")], "hamilton.enable_power_user_mode": True}
    dr = _built(added, config=config)
    return dr.execute(["a_b", "b_c"], inputs={"a": 1, "b": 2, "c": 3})


def resolved_shortly():
    @resolve_from_config(decorate_with=lambda names: extract_fields(dict.fromkeys(names, int)))
    def all_of() -> dict:
        return {"a": 1, "b": 2, "c": 3}

    config = {"names": ["a", "c"], "hamilton.enable_power_user_mode": True}
    return _built(all_of, config=config).execute(["a", "c"])


def resolved_without_its_config():
    @resolve_from_config(decorate_with=lambda names: extract_fields(dict.fromkeys(names, int)))
    def all_of() -> dict:
        return {"a": 1}

    return _built(all_of, config={"hamilton.enable_power_user_mode": True})


def no_telemetry():
    telemetry.disable_telemetry()
    return telemetry.is_telemetry_enabled()


def errors_with_grace_in_a_fan_out():
    def middle(count: int) -> Parallelizable[int]:
        for number in range(count):
            if number > 2:
                raise KeyError("no more")
            yield number

    def early(count: int) -> Parallelizable[int]:
        raise KeyError("none at all")

    def inner(middle: int) -> int:
        if middle == 1:
            raise KeyError("not this one")
        return middle * 10

    def inner_early(early: int) -> int:
        return early

    @lifecycle.accept_error_sentinels
    def gathered(inner: Collect[int]) -> list:
        return list(inner)

    @lifecycle.accept_error_sentinels
    def gathered_early(inner_early: Collect[int]) -> list:
        return list(inner_early)

    found = []
    for try_all in (True, False):
        adapter = lifecycle.GracefulErrorAdapter(
            error_to_catch=KeyError, sentinel_value=None, try_all_parallel=try_all
        )
        dr = (
            _dynamic(middle, early, inner, inner_early, gathered, gathered_early)
            .with_remote_executor(executors.SynchronousLocalTaskExecutor())
            .with_adapters(adapter)
            .build()
        )
        found.append(
            [dr.execute([name], inputs={"count": 5}) for name in ("gathered", "gathered_early")]
        )
    return found


def hooks_and_tasks():
    log = []

    def heard(what, nodes, purpose, *more):
        names = sorted(node.name for node in nodes if node.name not in ("count", "offset"))
        if names:
            log.append(str([what, purpose.name, names, *more]))

    class Tasks(
        lifecycle.TaskExecutionHook, lifecycle.TaskSubmissionHook, lifecycle.TaskReturnHook
    ):
        def run_before_task_submission(self, *, purpose, nodes, **future_kwargs):
            heard("submitted", nodes, purpose)

        def run_before_task_execution(self, *, purpose, nodes, **future_kwargs):
            heard("begins", nodes, purpose)

        def run_after_task_execution(self, *, success, purpose, nodes, **future_kwargs):
            heard("ends", nodes, purpose, success)

        def run_after_task_return(self, *, success, purpose, nodes, **future_kwargs):
            heard("back", nodes, purpose, success)

    dr = (
        _dynamic(numbers, square, square_and, listed)
        .with_remote_executor(executors.SynchronousLocalTaskExecutor())
        .with_adapters(Tasks())
        .build()
    )
    dr.execute(["listed"], inputs={"count": 2, "offset": 1})
    return sorted(log)
