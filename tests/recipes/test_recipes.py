"""Every recipe runs, is small, and has nothing that our own rules would mark."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from stepwell.testing.server import FakeModel, Reply

RECIPES = Path(__file__).parents[2] / "recipes"
NAMES = sorted(folder.name for folder in RECIPES.iterdir() if (folder / "run.py").is_file())


def run(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """What a command says in that folder, without the caller's provider."""
    inherited = {name: v for name, v in os.environ.items() if not name.startswith("OPENAI_")}
    return subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env={**inherited, "COLUMNS": "100", **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A small corpus: a chapter that answers a question, and one that does not."""
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "tower.md").write_text(
        "# The Eiffel Tower\n\nThe Eiffel Tower is 330 metres tall. It stands in Paris.\n"
    )
    (folder / "soup.txt").write_text("Tomato soup\n\nBoil the tomatoes for an hour.\n")
    return folder


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("file", ["pipeline.py", "run.py"])
def test_a_recipe_is_short_enough_to_read(name: str, file: str) -> None:
    assert len((RECIPES / name / file).read_text("utf-8").splitlines()) < 100


def test_our_own_rules_find_nothing_in_the_recipes(tmp_path: Path) -> None:
    found = run("-m", "stepwell", "check", RECIPES, cwd=tmp_path)
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout.startswith("All checks passed")


def test_budgeted_batch_stays_within_its_budget(tmp_path: Path) -> None:
    found = run(RECIPES / "budgeted_batch" / "run.py", cwd=tmp_path)
    assert (found.returncode, found.stderr) == (0, "")
    spent = re.search(r"spent: \$(\S+) of \$(\S+)", found.stdout)
    assert spent is not None
    assert 0 < Decimal(spent[1]) <= Decimal(spent[2])
    assert "large: " in found.stdout
    assert "small: " in found.stdout


LLM_RECIPES = {
    "retries_and_cost": ("outline, attempt 1, call 1: 200", "tokens in"),
    "budgeted_batch": ("12 summaries: ", "spent: $"),
    "traced_run": ("invoke_workflow library", "chat "),
}


@pytest.mark.parametrize("name", ["retries_and_cost", "traced_run"])
def test_a_recipe_with_a_provider_that_fails(name: str, tmp_path: Path) -> None:
    """The fake one of the recipe: what failed is told, and what came in the end."""
    found = run(RECIPES / name / "run.py", cwd=tmp_path)
    assert found.returncode == 0
    words = {
        "retries_and_cost": ["WHAT THE SEA IS", "draft, attempt 2, call 2: 503", "≥ $"],
        "traced_run": ["For three weeks.", "after 503", "in 25, out 3"],
    }
    for said in (*LLM_RECIPES[name], *words[name]):
        assert said in found.stdout


@pytest.mark.parametrize("name", LLM_RECIPES)
def test_a_recipe_asks_the_provider_that_the_environment_names(name: str, tmp_path: Path) -> None:
    """Another one that speaks as OpenAI's does, by its address alone, under its own model names."""
    with FakeModel(reply=Reply("Well said.", model="house-model")) as model:
        found = run(
            RECIPES / name / "run.py",
            cwd=tmp_path,
            OPENAI_BASE_URL=model.url,
            OPENAI_MODEL="house-model",
            OPENAI_EMBEDDING_MODEL="house-vectors",
        )
    if name == "budgeted_batch":  # nobody knows its price, so a cap in money lets nothing go
        assert found.stdout.count("not done") == 12
        assert model.requests == []
        return
    assert (found.returncode, found.stderr) == (0, "")
    for said in LLM_RECIPES[name]:
        assert said in found.stdout
    assert {request.body["model"] for request in model.requests} == {"house-model", "house-vectors"}


@pytest.mark.local
@pytest.mark.parametrize("name", LLM_RECIPES)
def test_a_recipe_with_the_model_of_this_machine(name: str, tmp_path: Path) -> None:
    """A small model answers behind the provider that fails; what it says is not asserted."""
    found = run(RECIPES / name / "run.py", "--local", cwd=tmp_path)
    assert found.returncode == 0
    assert "Traceback" not in found.stderr
    for said in LLM_RECIPES[name]:
        assert said in found.stdout


def test_routed_answer_asks_only_what_each_question_needs(tmp_path: Path) -> None:
    found = run(RECIPES / "routed_answer" / "run.py", cwd=tmp_path)
    assert (found.returncode, found.stderr) == (0, "")
    assert "  42\n  not made: best, answer.fact, answer.talk\n" in found.stdout
    assert found.stdout.endswith("5 requests: said, said, answer.fact, said, answer.talk\n")


def test_first_graph_prints_its_plan_and_its_prompt(tmp_path: Path) -> None:
    found = run(RECIPES / "first_graph" / "run.py", cwd=tmp_path)
    assert (found.returncode, found.stderr) == (0, "")
    assert "    best = pipeline.best(words, notes)\n" in found.stdout
    assert found.stdout.endswith(
        "Note: A list can change\nQuestion: Which of them can change, a list?\n"
    )


@pytest.mark.local
def test_ask_docs_answers_with_its_sources_and_reuses_its_index(docs: Path, tmp_path: Path) -> None:
    """The model is weak: what it says is not asserted, only that it was asked and paid nothing."""
    question = "How tall is the Eiffel Tower?"
    command = RECIPES / "ask_docs" / "run.py", "--docs", docs, question
    first = run(*command, cwd=tmp_path)
    assert (first.returncode, first.stderr) == (0, "")
    assert question in first.stdout
    assert "1  The Eiffel Tower" in first.stdout
    assert "330 metres tall" in first.stdout
    assert {"vectors", "index", "answer"} <= steps(first.stdout)
    assert "$0" in first.stdout
    second = run(*command, cwd=tmp_path)
    assert steps(second.stdout) == {"question_vector", "hits", "context", "prompt", "answer"}


@pytest.mark.local
def test_ask_docs_indexes_again_when_a_file_has_changed(docs: Path, tmp_path: Path) -> None:
    command = RECIPES / "ask_docs" / "run.py", "--docs", docs, "How long do I boil tomatoes?"
    with FakeModel() as model:
        run(*command, cwd=tmp_path, OPENAI_BASE_URL=model.url)
        (docs / "soup.txt").write_text("Tomato soup\n\nBoil the tomatoes for ninety minutes.\n")
        again = run(*command, cwd=tmp_path, OPENAI_BASE_URL=model.url)
    assert "ninety minutes" in again.stdout
    assert "an hour" not in again.stdout


@pytest.mark.local
def test_ask_docs_asks_the_provider_that_the_environment_names(docs: Path, tmp_path: Path) -> None:
    """No local model then; the provider sees whole passages, and an unknown price stays unknown."""
    with FakeModel(reply=Reply("It is 330 metres tall.")) as model:
        found = run(
            RECIPES / "ask_docs" / "run.py",
            "--docs",
            docs,
            "How tall is the tower?",
            cwd=tmp_path,
            OPENAI_BASE_URL=model.url,
            OPENAI_API_KEY="secret",
            OPENAI_MODEL="house-model",
        )
    assert (found.returncode, found.stderr) == (0, "")
    assert "It is 330 metres tall." in found.stdout
    assert "unknown" in found.stdout
    (request,) = model.requests
    assert request.body["model"] == "house-model"
    assert request.headers["authorization"] == "Bearer secret"
    assert "Boil the tomatoes" in request.body["messages"][-1]["content"]


@pytest.mark.local
@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        (["--docs", "absent"], {}, "ask_docs: `absent` is no folder of documents"),
        (["--docs", "docs"], {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}, "Connection error."),
    ],
)
def test_ask_docs_tells_what_is_wrong_in_a_line(
    docs: Path, tmp_path: Path, arguments: list[str], environment: dict[str, str], words: str
) -> None:
    environment = {"OPENAI_API_KEY": "none", **environment}
    found = run(RECIPES / "ask_docs" / "run.py", *arguments, cwd=tmp_path, **environment)
    assert found.returncode == 1
    assert words in found.stderr
    assert "Traceback" not in found.stderr


def steps(said: str) -> set[str]:
    """The names of the steps in the table of a run: the first words from its header to its sum."""
    rows = said.partition("tokens in")[2].splitlines()[2:]
    names = [row.split()[0] for row in rows if row.strip()]
    return set(names[: names.index("run")])


@pytest.mark.local
@pytest.mark.parametrize("executor", ["inline", "processes"])
def test_embed_corpus_embeds_on(executor: str, docs: Path, tmp_path: Path) -> None:
    found = run(RECIPES / "embed_corpus" / "run.py", executor, "--docs", docs, cwd=tmp_path)
    assert (found.returncode, found.stderr) == (0, "")
    assert re.match(rf"\d+ vectors of 384 numbers in .* s, by {executor}\n", found.stdout)
