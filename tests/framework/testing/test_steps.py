"""`Fakes`, `Coverage`, and the pytest plug-in that brings them."""

import subprocess
import sys
from pathlib import Path

import pytest

from stepwell import Driver
from stepwell.testing import Coverage, Fakes, module_of


def prompt(question: str) -> str:
    return question + "?"


def answer(prompt: str, model: str = "small") -> str:
    raise RuntimeError("this would be paid for")


def title(answer: str) -> str:
    return answer.title()


STEPS = module_of(prompt, answer, title)


def test_a_step_is_faked_by_its_name() -> None:
    """A value, or a function of the step's inputs; all else runs."""
    inputs = {"question": "why"}
    driver = Driver({}, STEPS, adapter=[Fakes(answer="because")])
    assert driver.execute(["title"], inputs=inputs) == {"title": "Because"}
    driver = Driver({}, STEPS, adapter=[Fakes(answer=lambda prompt: prompt * 2)])
    assert driver.execute(["title"], inputs=inputs) == {"title": "Why?Why?"}


def test_a_fake_of_no_node() -> None:
    """A name that is none is told when the driver is built, with the nearest."""
    with pytest.raises(Exception, match="did you mean `answer`"):
        Driver({}, STEPS, adapter=[Fakes(anwser="because")])


def test_what_has_run() -> None:
    """Steps and edges, of all runs together; one left to its default is not covered."""
    coverage = Coverage()
    driver = Driver({}, STEPS, adapter=[coverage, Fakes(answer="because")])
    driver.execute(["prompt"], inputs={"question": "why"})
    assert (coverage.nodes_run, coverage.percent) == ({"prompt"}, 100 / 3)
    driver.execute(["title"], inputs={"question": "why"})
    assert coverage.report() == (
        "3 of 3 steps and 3 of 4 edges have run\n  not run: model -> answer"
    )


TESTED = """
import pytest
from openai import OpenAI
from stepwell import Driver
from stepwell.testing import FakeModel, module_of

def made(word: str) -> str:
    return word

def unmade(word: str) -> str:
    return word

def asked(url: str) -> str:
    messages = [{"role": "user", "content": "hi"}]
    with OpenAI(base_url=url, api_key="k", max_retries=0, timeout=1) as client:
        try:
            return client.chat.completions.create(model="m", messages=messages).id
        except Exception:
            return "hidden"

def test_here():
    with FakeModel() as model:
        assert asked(model.url) == "chat-1"

def test_elsewhere():
    assert asked("http://provider.invalid/v1")

def test_covered(step_coverage):
    driver = Driver({}, module_of(made, unmade), adapter=[step_coverage])
    assert driver.execute(["made"], inputs={"word": "a"})
"""


def outcome(folder: Path, *options: str) -> tuple[int, str]:
    (folder / "test_it.py").write_text(TESTED, "utf-8")
    loaded = ["-p", "stepwell.testing.plugin"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *loaded, *options]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout + ran.stderr


@pytest.mark.parametrize("way", ["option", "setting", "neither"])
def test_no_paid_calls(tmp_path: Path, way: str) -> None:
    """A request to elsewhere fails the test, whatever the code catches; one to here is answered."""
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\n" + ("no_paid_calls = true\n" if way == "setting" else ""), "utf-8"
    )
    code, told = outcome(tmp_path, *(["--no-paid-calls"] if way == "option" else []))
    if way == "neither":
        assert code == 0, told
        return
    assert code == 1
    assert "1 failed, 2 passed" in told
    assert "a request for `chat` to `provider.invalid` would be paid for" in told


def test_step_coverage_is_told_at_the_end(tmp_path: Path) -> None:
    """With a line for what has not run; and fails if less has than asked for."""
    code, told = outcome(tmp_path, "-k", "covered")
    assert code == 0, told
    assert "1 of 2 steps and 1 of 2 edges have run" in told
    assert "not run: unmade" in told
    code, _ = outcome(tmp_path, "-k", "covered", "--step-coverage-min=90")
    assert code == 1
