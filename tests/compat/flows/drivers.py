"""What a driver and its builder do."""

import pandas as pd
from hamilton import ad_hoc_utils, base, driver, lifecycle
from hamilton.function_modifiers import config, tag


def _flow():
    def spend_mean(spend: pd.Series) -> float:
        """The mean."""
        return spend.mean()

    def spend_zero_mean(spend: pd.Series, spend_mean: float) -> pd.Series:
        return spend - spend_mean

    @tag(owner="sales", layers=["a", "b"])
    def per_signup(spend: pd.Series, signups: pd.Series) -> pd.Series:
        return spend / signups

    def scaled(spend_mean: float, scale: float = 2.0) -> float:
        return spend_mean * scale

    return ad_hoc_utils.create_temporary_module(spend_mean, spend_zero_mean, per_signup, scaled)


_INPUTS = {
    "spend": pd.Series([10.0, 20.0, 30.0], index=[3, 4, 5]),
    "signups": pd.Series([1.0, 4.0, 5.0], index=[3, 4, 5]),
}
_ALL = ["spend_mean", "spend_zero_mean", "per_signup", "scaled"]


def _built(*modules, config=None, adapters=()):
    return (
        driver.Builder()
        .with_modules(*modules)
        .with_config(config or {})
        .with_adapters(*adapters)
        .build()
    )


def legacy_constructor_gives_a_frame():
    return driver.Driver({}, _flow()).execute(_ALL, inputs=_INPUTS)


def legacy_constructor_with_config_as_inputs():
    return driver.Driver(_INPUTS, _flow()).execute(["spend", *_ALL])


def legacy_constructor_of_scalars():
    return driver.Driver(_INPUTS, _flow()).execute(["spend_mean", "scaled"])


def builder_gives_a_dict():
    return _built(_flow()).execute(_ALL, inputs=_INPUTS)


def overrides_replace():
    return _built(_flow()).execute(["scaled"], overrides={"spend_mean": 3.0})


def overrides_that_nobody_knows():
    return _built(_flow()).execute(
        ["scaled"], overrides={"spend_mean": 3.0, "nothing": 1}, inputs={"unread": 2}
    )


def overrides_come_second():
    return _built(_flow()).execute(["scaled"], {"spend_mean": 5.0})


def an_override_of_an_input():
    return _built(_flow()).execute(["scaled"], overrides={"spend_mean": 1.0, "scale": 7.0})


def an_input_as_a_target():
    return _built(_flow()).execute(
        ["scale", "scaled"], inputs={"spend_mean": 1, "scale": 3.0, **_INPUTS}
    )


def a_default_is_left():
    return _built(_flow()).execute(["scaled"], inputs=_INPUTS)


def functions_and_variables_as_targets():
    module = _flow()
    dr = _built(module)
    variable = next(v for v in dr.list_available_variables() if v.name == "scaled")
    return dr.execute([module.spend_mean, variable], inputs=_INPUTS)


def a_target_that_is_none():
    return _built(_flow()).execute(["no_such"], inputs=_INPUTS)


def a_missing_input():
    return _built(_flow()).execute(["per_signup"], inputs={"spend": _INPUTS["spend"]})


def an_input_of_another_type():
    return _built(_flow()).execute(["per_signup"], inputs={"spend": 1, "signups": 2})


def an_input_that_is_config_too():
    dr = _built(_flow(), config={"scale": 3.0})
    return dr.execute(["scaled"], inputs={"scale": 4.0, **_INPUTS})


def none_is_of_every_type():
    def told(word: str) -> str:
        return f"{word}!"

    return _built(ad_hoc_utils.create_temporary_module(told)).execute(
        ["told"], inputs={"word": None}
    )


def a_key_of_the_config_takes_a_step_s_place():
    dr = _built(_flow(), config={"spend_mean": 100.0})
    return dr.execute(["scaled"])


def two_steps_of_one_name():
    def scaled(spend_mean: float) -> float:
        return -1.0

    other = ad_hoc_utils.create_temporary_module(scaled)
    return _built(_flow(), other).execute(["scaled"], inputs=_INPUTS)


def a_later_module_wins():
    def scaled(spend_mean: float) -> float:
        return -1.0

    dr = (
        driver.Builder()
        .with_modules(_flow(), ad_hoc_utils.create_temporary_module(scaled))
        .allow_module_overrides()
        .build()
    )
    return dr.execute(["scaled"], inputs=_INPUTS)


def an_edge_that_does_not_fit():
    def word() -> str:
        return "a"

    def length(word: list) -> int:
        return len(word)

    return _built(ad_hoc_utils.create_temporary_module(word, length)).execute(["length"])


def variables():
    dr = _built(_flow())
    return {
        v.name: [
            v.type,
            v.is_external_input,
            v.documentation,
            set(v.required_dependencies),
            set(v.optional_dependencies),
        ]
        for v in dr.list_available_variables()
    }


def tags_and_filters():
    dr = _built(_flow())
    filters = [
        {"owner": "sales"},
        {"owner": None},
        {"layers": "b"},
        {"layers": ["b", "c"]},
        {"owner": "x"},
    ]
    return [sorted(v.name for v in dr.list_available_variables(tag_filter=f)) for f in filters]


def lineage():
    dr = _built(_flow())
    return {
        "up": sorted(v.name for v in dr.what_is_upstream_of("scaled")),
        "down": sorted(v.name for v in dr.what_is_downstream_of("spend")),
        "between": sorted(v.name for v in dr.what_is_the_path_between("spend", "scaled")),
    }


def validation_without_a_run():
    dr = _built(_flow())
    dr.validate_execution(["scaled"], inputs=_INPUTS)
    dr.validate_execution(["scaled"], inputs={})


def config_decides():
    @config.when(region="US")
    def price__us(base: float) -> float:
        return base * 1.1

    @config.when_not(region="US")
    def price__rest(base: float) -> float:
        return base * 1.2

    @config.when_in(region=["US", "CA"])
    def near() -> bool:
        return True

    @config.when_not_in(region=["US", "CA"])
    def far() -> bool:
        return True

    @config(lambda c: c.get("size", 0) > 3)
    def big() -> bool:
        return True

    module = ad_hoc_utils.create_temporary_module(price__us, price__rest, near, far, big)
    found = {}
    for given in ({"region": "US"}, {"region": "CA", "size": 9}, {"region": "DE"}, {}):
        dr = _built(module, config=given)
        names = sorted(v.name for v in dr.list_available_variables() if not v.is_external_input)
        names = [name for name in names if name not in ("region", "size")]
        found[str(given)] = [names, dr.execute(["price"], inputs={"base": 10.0})]
    return found


def config_of_none_and_another_name():
    @config.when(mode=None)
    def kind__none() -> str:
        return "none"

    @config.when(mode="x", name="kind")
    def anything() -> str:
        return "x"

    module = ad_hoc_utils.create_temporary_module(kind__none, anything)
    return [_built(module, config=c).execute(["kind"]) for c in ({}, {"mode": "x"}, {"mode": None})]


def dict_and_matrix_builders():
    given = {"a": 1, "b": 2}

    def total(a: int, b: int) -> int:
        return a + b

    def numbers(total: int) -> list:
        return [total, total + 1]

    module = ad_hoc_utils.create_temporary_module(total, numbers)
    adapters = [
        base.SimplePythonGraphAdapter(base.DictResult()),
        base.SimplePythonGraphAdapter(base.NumpyMatrixResult()),
        base.DefaultAdapter(),
        base.SimplePythonDataFrameGraphAdapter(),
    ]
    return [
        driver.Driver(given, module, adapter=each).execute(["total", "numbers"])
        for each in adapters
    ]


def frames_among_others():
    def frame() -> pd.DataFrame:
        return pd.DataFrame({"x": [1, 2], "y": [3, 4]})

    def column() -> pd.Series:
        return pd.Series([5, 6])

    module = ad_hoc_utils.create_temporary_module(frame, column)
    dr = driver.Driver({}, module)
    return [dr.execute(["frame"]), dr.execute(["frame", "column"])]


def strict_frames():
    def days() -> pd.Series:
        return pd.Series([1, 2], index=pd.to_datetime(["2024-01-01", "2024-01-02"]))

    def rows() -> pd.Series:
        return pd.Series([5, 6])

    module = ad_hoc_utils.create_temporary_module(days, rows)
    adapter = base.SimplePythonGraphAdapter(base.StrictIndexTypePandasDataFrameResult())
    return driver.Driver({}, module, adapter=adapter).execute(["days", "rows"])


def a_result_builder_of_ones_own():
    class Joined(lifecycle.ResultBuilder):
        def build_result(self, **outputs):
            return ", ".join(f"{k}={v}" for k, v in outputs.items())

        def output_type(self):
            return str

    return _built(_flow(), adapters=[Joined()]).execute(["spend_mean", "scaled"], inputs=_INPUTS)


def copies_go_their_own_way():
    one = driver.Builder().with_modules(_flow())
    two = one.copy().with_config({"scale": 10.0})
    return [each.build().execute(["scaled"], inputs=_INPUTS) for each in (one, two)]


def a_module_from_text():
    module = ad_hoc_utils.module_from_source(
        "def doubled(x: int) -> int:\n    return 2 * x\n", "flow_from_text"
    )
    return _built(module).execute(["doubled"], inputs={"x": 4})


def a_name_that_is_taken():
    ad_hoc_utils.module_from_source("def a() -> int:\n    return 1\n", "flow_taken")
    return ad_hoc_utils.create_temporary_module(_named_f, module_name="flow_taken")


def _named_f() -> int:
    return 1


def a_private_function_is_no_step():
    return ad_hoc_utils.create_temporary_module(_named_f)


def dynamic_execution_has_to_be_allowed():
    return driver.Builder().enable_dynamic_execution()


def executors_need_dynamic_execution():
    return driver.Builder().with_remote_executor(None)


def versions_are_told():
    from hamilton.graph_types import HamiltonGraph

    dr = _built(_flow())
    graph = HamiltonGraph.from_graph(dr.graph)
    again = HamiltonGraph.from_graph(_built(_flow()).graph)
    return [graph.version == again.version, len(graph.nodes), graph["scaled"].version is not None]


def a_plan_as_json():
    import json

    found = json.loads(_built(_flow()).export_execution(["scaled"], inputs=_INPUTS))
    return sorted(node["name"] for node in found["nodes"])


def an_input_s_type_is_the_narrowest():
    def one(x: int | str) -> str:
        return str(x)

    def two(x: str) -> str:
        return x

    dr = _built(ad_hoc_utils.create_temporary_module(one, two))
    return [v.type for v in dr.list_available_variables() if v.name == "x"]
