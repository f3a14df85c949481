"""A literal taken out as an input, and a result annotated: the text before and after."""

from __future__ import annotations

import pytest
from lsprotocol import types

from stepwell_lsp.features.code_action import RENAME, code_actions
from stepwell_lsp.testing import Client

EXTRACTED = [
    (
        "def answer(question: str) -> str:\n    return ask(question, model='gp‸t')\n",
        "def answer(question: str, model: str = 'gpt') -> str:\n"
        "    return ask(question, model=model)\n",
        "model",
    ),
    (
        "def answer() -> int:\n    return 3‸ + 4\n",
        "def answer(answer_number: int = 3) -> int:\n    return answer_number + 4\n",
        "answer_number",
    ),
    (
        "def answer(\n    question: str = 'é',  # why\n) -> float:\n    return ask(top=-‸0.5)\n",
        "def answer(\n    question: str = 'é', top: float = -0.5,  # why\n) -> float:\n"
        "    return ask(top=top)\n",
        "top",
    ),
    (
        "def answer(*, question: str) -> str:\n    return ask(stream=Tr‸ue)\n",
        "def answer(*, question: str, stream: bool = True) -> str:\n"
        "    return ask(stream=stream)\n",
        "stream",
    ),
    (
        "def answer(model: str) -> str:\n    return [ask(m, model='‸a') for m in model]\n",
        "def answer(model: str, answer_model: str = 'a') -> str:\n"
        "    return [ask(m, model=answer_model) for m in model]\n",
        "answer_model",
    ),
]

LEFT = [
    'def answer() -> str:\n    """What‸ is said."""\n    return x\n',
    "def answer(question: str = 'a‸') -> str:\n    return question\n",
    "def answer(context: str) -> str:\n    return 'see {con‸text}'.format(context=context)\n",
    "def answer(context: str) -> str:\n    return f'see‸ {context}'\n",
    "def answer(n: int) -> str:\n    match n:\n        case 1‸: return 'a'\n",
    "def answer(n: int, /) -> int:\n    return 1‸\n",
    "def answer(n: int) -> int:\n    return n‸\n",
    "def _private() -> int:\n    return 1‸\n",
    "x = 1‸\n",
]


def applied(look, text: str, title: str, **more) -> str | None:
    """The text after the action of this title; `None` where there is no such action."""
    seen = look({"work.py": text})
    place = types.Range(seen.position, seen.position)
    actions = code_actions(seen.snapshot, seen.file, place, **more)
    found = next((each for each in actions if each.title.startswith(title)), None)
    if found is None:
        return None
    (change,) = found.edit.document_changes
    known = seen.snapshot.text(seen.file)
    source = known.source
    for edit in sorted(change.edits, key=lambda edit: edit.range.start, reverse=True):
        start, end = (
            known.offset(p, seen.snapshot.encoding) for p in (edit.range.start, edit.range.end)
        )
        source = source[:start] + edit.new_text + source[end:]
    return source


@pytest.mark.parametrize(("before", "after", "name"), EXTRACTED, ids=[n for *_, n in EXTRACTED])
def test_a_literal_becomes_an_input(look, before: str, after: str, name: str):
    """With its value as the default, under a name that nothing has."""
    assert applied(look, before, f"Extract to the input `{name}`") == after


@pytest.mark.parametrize("text", LEFT)
def test_what_is_no_value_of_a_step_stays(look, text: str):
    """Docstrings, templates, patterns, defaults; and functions that are no steps."""
    assert applied(look, text, "Extract") is None


def test_a_name_of_another_step_is_not_taken(look):
    """The default would never be used then."""
    text = "def model() -> str: ...\ndef answer() -> str:\n    return ask(model='a‸')\n"
    after = applied(look, text, "Extract to the input `answer_model`")
    assert "def answer(answer_model: str = 'a')" in str(after)


def test_a_client_that_can_asks_for_a_better_name(look):
    """At the place where the new parameter stands then."""
    seen = look({"work.py": EXTRACTED[0][0]})
    place = types.Range(seen.position, seen.position)
    (action,) = code_actions(seen.snapshot, seen.file, place, commands=[RENAME])
    uri, start = action.command.arguments
    assert (uri, start) == (seen.snapshot.uri(seen.file), types.Position(0, 26))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def ans‸wer(q: str):\n    return q\n", "def answer(q: str) -> str:\n    return q\n"),
        (
            "@tag(a='b')\ndef ans‸wer(\n    q: str = ')',  # (\n):\n    return [q]\n",
            "@tag(a='b')\ndef answer(\n    q: str = ')',  # (\n) -> list[str]:\n    return [q]\n",
        ),
        (
            "async def ans‸wer(é: str = 'é'): return len(é)\n",
            "async def answer(é: str = 'é') -> int: return len(é)\n",
        ),
        ("def ans‸wer(q: str):\n    return ask(q)\n", None),
    ],
)
def test_a_result_is_annotated_where_the_body_gives_it_away(look, before: str, after: str | None):
    """As the cure of the finding."""
    assert applied(look, before, "Annotate the result as") == after


def test_over_the_pipes(tmp_path):
    """Both, with their kinds."""
    (tmp_path / "work.py").write_text(
        "from stepwell import tag\n@tag(a='b')\ndef n():\n    return 1\n"
    )
    with Client(tmp_path) as client:
        uri = client.open("work.py")
        context = {"diagnostics": []}
        place = {"start": {"line": 2, "character": 4}, "end": {"line": 3, "character": 12}}
        params = {"textDocument": {"uri": uri}, "range": place, "context": context}
        (cure,) = client.request("textDocument/codeAction", params)
        assert (cure["title"], cure["kind"]) == ("Annotate the result as `int`", "quickfix")
        assert cure["diagnostics"][0]["code"] == "SW203"
        place["start"] = {"line": 3, "character": 12}
        (extract,) = client.request("textDocument/codeAction", params)
        assert extract["kind"] == "refactor.extract"
