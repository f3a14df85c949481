"""The driver: what may be asked of it, and what it tells of its graph."""

from __future__ import annotations

import copy
import pickle
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from stepwell import config, extract_fields, inject, parameterize, source, tag, value
from stepwell.driver import Builder, Driver
from stepwell.errors import GraphError, RequestError
from stepwell.execution.inline import HOT
from stepwell.lifecycle import GraphExecutionHook, ResultBuilder
from stepwell.testing import module_of


def passages(question: str, corpus: list[str], top_k: int = 2) -> list[str]:
    """The passages that share a word with the question."""
    words = {*question.split()}
    return sorted(corpus, key=lambda text: -len(words & {*text.split()}))[:top_k]


@tag(owner="search", stage=("draft", "final"))
def prompt(question: str, passages: list[str]) -> str:
    return "\n".join([*passages, question])


@tag(owner="writer")
def answer(prompt: str) -> str:
    return prompt.upper()


PIPELINE = module_of(passages, prompt, answer, name="pipeline")
INPUTS = {"question": "a step", "corpus": ["a step is", "a b", "c"]}


def driver(**settings: Any) -> Driver:
    return Driver(settings, PIPELINE)


class TestExecute:
    def test_a_dict_by_target(self) -> None:
        assert driver().execute(["answer", "passages"], INPUTS) == {
            "answer": "A STEP IS\nA B\nA STEP",
            "passages": ["a step is", "a b"],
        }

    @pytest.mark.parametrize(
        "targets", [["answer"], "answer", answer, [answer], ("answer", answer)]
    )
    def test_targets_are_names_or_functions(self, targets: Any) -> None:
        assert driver().execute(targets, INPUTS) == {"answer": "A STEP IS\nA B\nA STEP"}

    def test_only_what_is_upstream_runs(self) -> None:
        def costly(question: str) -> str:
            raise AssertionError("nobody asked for it")

        dr = Driver({}, module_of(passages, prompt, answer, costly))
        assert [*dr.execute(["prompt"], INPUTS)] == ["prompt"]

    def test_no_target_is_no_work(self) -> None:
        assert driver().execute([]) == {}

    def test_an_input_may_be_a_target(self) -> None:
        assert driver().execute(["question"], {"question": "x"}) == {"question": "x"}

    def test_a_default_holds_where_nobody_gives_the_value(self) -> None:
        assert len(driver().execute(["passages"], INPUTS)["passages"]) == 2
        assert len(driver().execute(["passages"], {**INPUTS, "top_k": 1})["passages"]) == 1

    def test_config_gives_values_too(self) -> None:
        assert len(driver(top_k=1).execute(["passages"], INPUTS)["passages"]) == 1

    def test_an_override_stands_in_the_place_of_a_node(self) -> None:
        """Nothing above it runs, so nothing above it is needed."""
        found = driver().execute(["answer"], {"question": "q"}, overrides={"passages": ["p"]})
        assert found == {"answer": "P\nQ"}

    def test_an_input_that_these_targets_do_not_need_is_fine(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            driver().execute(["answer"], INPUTS, overrides={"prompt": "x"})

    def test_an_input_that_no_step_reads_is_a_warning(self) -> None:
        with pytest.warns(UserWarning, match=r"`topk` is read by no step; did you mean `top_k`\?"):
            driver().execute(["answer"], {**INPUTS, "topk": 1})

    def test_all_that_is_wrong_is_told_at_once(self) -> None:
        with pytest.raises(RequestError) as caught:
            driver().execute(["anwser", "passages"], {"question": "x"}, {"promt": "y"})
        assert [problem.partition(" (")[0] for problem in caught.value.problems] == [
            "`anwser` is asked for and is no node; did you mean `answer`?",
            "`promt` is overridden and is no node; did you mean `prompt`?",
            "`corpus: list[str]` is needed by `passages`",
        ]

    @pytest.mark.parametrize("runs", [1, HOT + 2])
    def test_inputs_of_a_wrong_type_are_refused_before_anything_runs(self, runs: int) -> None:
        """In a hot plan as in a new one, whatever was given before."""
        dr = driver()
        for _ in range(runs):
            dr.execute(["prompt"], INPUTS)
        with pytest.raises(RequestError, match=r"`question` is int 3, and `passages`"):
            dr.execute(["prompt"], {**INPUTS, "question": 3})
        with pytest.raises(RequestError, match=r"`corpus` is list\[int\], and `passages`"):
            dr.execute(["prompt"], {**INPUTS, "corpus": [1]})

    def test_validate_execution_raises_the_same_and_runs_nothing(self) -> None:
        driver().validate_execution(["answer"], INPUTS)
        with pytest.raises(RequestError, match="`corpus"):
            driver().validate_execution(["answer"], {"question": "x"})

    def test_a_name_and_its_letters_are_two_requests(self) -> None:
        def ab(x: int) -> int:
            return x

        def a(x: int) -> int:
            return x

        def b(x: int) -> int:
            return x

        dr = Driver({}, module_of(ab, a, b))
        assert dr.execute("ab", {"x": 1}) == {"ab": 1}
        assert dr.execute(["a", "b"], {"x": 1}) == {"a": 1, "b": 1}
        assert dr.execute("ab", {"x": 1}) == {"ab": 1}

    def test_intermediate_results_are_dropped(self) -> None:
        """When the last reader has run, nobody holds them any more."""
        import weakref

        class Big:
            pass

        alive: list[Any] = []

        def big(x: int) -> Big:
            made = Big()
            alive.append(weakref.ref(made))
            return made

        def read(big: Big) -> str:
            return "read"

        def last(read: str) -> bool:
            return alive[-1]() is not None

        dr = Driver({}, module_of(big, read, last))
        threaded = Builder().with_modules(module_of(big, read, last)).with_threads(2).build()
        for _ in range(HOT + 2):
            assert dr.execute(["last"], {"x": 1}) == {"last": False}
        assert threaded.execute(["last"], {"x": 1}) == {"last": False}


class TestSignatures:
    """However a step takes its arguments, it gets them."""

    @pytest.mark.parametrize("runs", [1, HOT + 1])
    def test_every_kind_of_parameter(self, runs: int) -> None:
        def only(a: int, b: int = 7, /) -> tuple[int, int]:
            return a, b

        def mixed(a: int, /, b: int, *, c: int, d: int = 4) -> tuple[int, ...]:
            return a, b, c, d

        def gap(missing: int = 1, c: int = 2) -> tuple[int, int]:
            return missing, c

        def skipped(missing: int = 1, c: int = 2, /) -> tuple[int, int]:
            return missing, c

        @inject(b=value(5), c=source("a"))
        def given(a: int, b: int, c: int) -> tuple[int, ...]:
            return a, b, c

        @parameterize(twice={"factor": value(2)}, thrice={"factor": value(3)})
        def times(a: int, factor: int) -> int:
            return a * factor

        @extract_fields({"left": int, "right": int})
        def pair(a: int, b: int) -> dict[str, int]:
            return {"left": a, "right": b}

        dr = Driver({}, module_of(only, mixed, gap, skipped, given, times, pair))
        targets = ["only", "mixed", "gap", "skipped", "given", "twice", "thrice", "right"]
        for _ in range(runs):
            assert dr.execute(targets, {"a": 1, "b": 2, "c": 3}) == {
                "only": (1, 2),
                "mixed": (1, 2, 3, 4),
                "gap": (1, 3),
                "skipped": (1, 3),
                "given": (1, 5, 1),
                "twice": 2,
                "thrice": 3,
                "right": 2,
            }

    @pytest.mark.parametrize("runs", [1, HOT + 1])
    def test_names_that_a_plan_needs_itself(self, runs: int) -> None:
        """A step may be called like anything in the text of the plan."""

        def inputs(x: str) -> str:
            return x + "i"

        def plan(inputs: str) -> str:
            return inputs + "p"

        def steps(plan: str) -> str:
            return plan + "s"

        def run_id(steps: str) -> str:
            return steps + "r"

        def kwargs(run_id: str) -> str:
            return run_id + "k"

        dr = Driver({}, module_of(inputs, plan, steps, run_id, kwargs, name="steps"))
        for _ in range(runs):
            assert dr.execute(["kwargs"], {"x": ""}) == {"kwargs": "ipsrk"}


class TestTelling:
    def test_explain_prints_straight_line_python(self) -> None:
        assert driver().explain(["answer"]) == (
            "def plan(inputs, overrides, config, run_id, pipeline=pipeline):\n"
            "    question = inputs['question']\n"
            "    corpus = inputs['corpus']\n"
            "    passages = pipeline.passages(question, corpus)\n"
            "    prompt = pipeline.prompt(question, passages)\n"
            "    del passages\n"
            "    answer = pipeline.answer(prompt)\n"
            "    del prompt\n"
            "    return {'answer': answer}\n"
        )

    def test_the_text_that_explain_prints_is_the_text_that_runs(self) -> None:
        """A traceback through a hot plan shows the same line."""
        import traceback

        def broken(question: str) -> str:
            return question[9]

        dr = Driver({}, module_of(broken, name="pipeline"))
        for _ in range(HOT):
            dr.execute(["broken"], {"question": "long enough"})
        with pytest.raises(IndexError) as caught:
            dr.execute(["broken"], {"question": "x"})
        lines = [frame.line for frame in traceback.extract_tb(caught.value.__traceback__)]
        assert "broken = pipeline.broken(question)" in lines
        assert "    broken = pipeline.broken(question)\n" in dr.explain(["broken"])

    def test_a_hot_plan_leaves_nothing_behind(self) -> None:
        """With its driver its text goes too."""
        import gc
        import linecache

        before = {*linecache.cache}
        dr = driver()
        for _ in range(HOT + 1):
            dr.execute(["answer"], INPUTS)
        (name,) = {*linecache.cache} - before
        assert name.startswith("<stepwell plan ")
        del dr
        gc.collect()
        assert name not in linecache.cache

    def test_variables(self) -> None:
        found = {variable.name: variable for variable in driver().list_available_variables()}
        assert [*found] == ["passages", "prompt", "answer", "question", "corpus", "top_k"]
        passages_ = found["passages"]
        assert passages_.documentation == "The passages that share a word with the question."
        assert passages_.required_dependencies == {"question", "corpus"}
        assert passages_.optional_dependencies == {"top_k"}
        assert [step.__name__ for step in passages_.originating_functions] == ["passages"]
        assert str(passages_.type) == "list[str]"
        assert [name for name, variable in found.items() if variable.is_external_input] == [
            "question",
            "corpus",
            "top_k",
        ]

    @pytest.mark.parametrize(
        ("tag_filter", "names"),
        [
            ({"owner": "search"}, ["prompt"]),
            ({"owner": ["search", "writer"]}, ["prompt", "answer"]),
            ({"owner": None}, ["prompt", "answer"]),
            ({"stage": "final"}, ["prompt"]),
            ({"owner": "writer", "stage": None}, []),
        ],
    )
    def test_variables_by_tag(self, tag_filter: Any, names: list[str]) -> None:
        found = driver().list_available_variables(tag_filter=tag_filter)
        assert [variable.name for variable in found] == names

    def test_lineage(self) -> None:
        def names(found: list[Any]) -> list[str]:
            return [variable.name for variable in found]

        dr = driver()
        assert names(dr.what_is_upstream_of("prompt")) == [
            "passages",
            "prompt",
            "question",
            "corpus",
            "top_k",
        ]
        assert names(dr.what_is_downstream_of("passages")) == ["passages", "prompt", "answer"]
        assert names(dr.what_is_the_path_between("corpus", prompt)) == [
            "passages",
            "prompt",
            "corpus",
        ]
        assert dr.what_is_the_path_between("answer", "passages") == []
        with pytest.raises(RequestError, match="did you mean `answer`"):
            dr.what_is_upstream_of("anwser")

    def test_pictures(self, tmp_path: Path) -> None:
        dr = driver()
        picture = dr.visualize_execution(["prompt"], INPUTS)
        assert "flowchart" in str(picture)
        assert "answer" not in str(picture)
        assert "answer" in str(dr.display_all_functions())
        assert "digraph" in dr.display_upstream_of("prompt").dot()
        assert "corpus" not in str(dr.display_downstream_of("prompt"))
        assert "top_k" not in str(dr.visualize_path_between("question", "prompt"))
        saved = picture.save(tmp_path / "graph.mmd")
        assert saved.read_text() == str(picture)
        with pytest.raises(ValueError, match=r"`graph\.gif` has none of the suffixes `\.svg`"):
            picture.save(tmp_path / "graph.gif")


class TestBuilding:
    def test_a_builder_names_the_parts(self) -> None:
        dr = Builder().with_modules(PIPELINE).with_config({"top_k": 1}).with_threads(2).build()
        assert len(dr.execute(["passages"], INPUTS)["passages"]) == 1

    def test_a_copied_builder_goes_its_own_way(self) -> None:
        first = Builder().with_modules(PIPELINE)
        second = first.copy().with_config({"top_k": 1})
        assert first.build().config == {}
        assert second.build().config == {"top_k": 1}

    def test_modules_and_config_are_never_changed(self) -> None:
        settings = {"top_k": 1}
        before = dict(vars(PIPELINE))
        dr = Driver(settings, PIPELINE)
        dr.execute(["answer"], INPUTS)
        settings["top_k"] = 2
        assert vars(PIPELINE) == before
        assert dr.config == {"top_k": 1}

    def test_config_chooses_steps(self) -> None:
        @config.when(mode="loud")
        def said__loud(x: str) -> str:
            return x.upper()

        @config.when(mode="low")
        def said__low(x: str) -> str:
            return x.lower()

        module = module_of(said__loud, said__low)
        assert Driver({"mode": "loud"}, module).execute(["said"], {"x": "Hi"}) == {"said": "HI"}
        assert Driver({"mode": "low"}, module).execute(["said"], {"x": "Hi"}) == {"said": "hi"}
        with pytest.raises(RequestError, match=r"when the config's `mode` is 'loud', or `mode` is"):
            Driver({}, module).execute(["said"], {"x": "Hi"})

    def test_a_step_may_come_from_any_of_several_modules(self) -> None:
        dr = Driver({}, module_of(passages, name="one"), module_of(prompt, answer, name="two"))
        text = dr.explain(["answer"])
        assert "one.passages(" in text
        assert "two.answer(" in text
        assert dr.execute(["answer"], INPUTS) == {"answer": "A STEP IS\nA B\nA STEP"}

    def test_config_that_names_a_step_tells_of_overrides(self) -> None:
        with pytest.raises(GraphError, match="pass it in `overrides`"):
            driver(prompt="x")

    def test_a_result_builder_makes_what_execute_returns(self) -> None:
        class Joined(ResultBuilder):
            def build_result(self, **outputs: Any) -> str:
                return "|".join(outputs)

        class Told(GraphExecutionHook):
            results: Any = None

            def run_after_graph_execution(self, *, results: Any, **future_kwargs: Any) -> None:
                self.results = results

        told = Told()
        dr = Driver({}, PIPELINE, adapter=[Joined(), told])
        assert dr.execute(["answer", "prompt"], INPUTS) == "answer|prompt"
        assert told.results == "answer|prompt"


class TestTravelling:
    @pytest.fixture
    def module(self, tmp_path: Path) -> Any:
        (tmp_path / "travelling_steps.py").write_text("def a(x: int) -> int:\n    return x + 1\n")
        sys.path.insert(0, str(tmp_path))
        try:
            import travelling_steps  # type: ignore[import-not-found]

            yield travelling_steps
        finally:
            sys.path.remove(str(tmp_path))
            sys.modules.pop("travelling_steps", None)

    @pytest.mark.parametrize("travel", [lambda dr: pickle.loads(pickle.dumps(dr)), copy.copy])
    def test_a_driver_travels_by_the_names_of_its_modules(
        self, module: ModuleType, travel: Any
    ) -> None:
        dr = travel(Builder().with_modules(module).with_config({"k": 1}).with_threads(2).build())
        assert dr.config == {"k": 1}
        assert dr.threads == 2
        assert dr.execute(["a"], {"x": 1}) == {"a": 2}

    def test_a_module_that_can_not_be_imported_is_told(self) -> None:
        with pytest.raises(pickle.PicklingError, match="module `pipeline` can't be imported"):
            pickle.dumps(driver())
