"""What a body gives away of what a function returns."""

from __future__ import annotations

import ast

import pytest

from stepwell_lsp.inference import returned

HOME = """\
class Doc: ...
def load(path: str) -> dict[str, Doc]: ...
async def ask(text: str) -> float: ...
@decorated
def odd(text: str) -> int: ...
"""

TOLD = [
    ("return 'a'", "str"),
    ("return f'{x}'", "str"),
    ("return 1 + 2.0", "float"),
    ("return len(text) // 2", "int"),
    ("return len(text) / 2", "float"),
    ("return -1", "int"),
    ("return not text", "bool"),
    ("return text in words", "bool"),
    ("return len(words) > 3", "bool"),
    ("return [1, 2]", "list[int]"),
    ("return {'a': 1}", "dict[str, int]"),
    ("return {1}", "set[int]"),
    ("return 'a', 1", "tuple[str, int]"),
    ("return text.upper()", "str"),
    ("return text.split(',')", "list[str]"),
    ("return ', '.join(words)", "str"),
    ("return words", "list[str]"),
    ("return words[0]", "str"),
    ("return words[:3]", "list[str]"),
    ("return words + ['a']", "list[str]"),
    ("return sorted(words)", "list[str]"),
    ("return [word.upper() for word in words]", "list[str]"),
    ("return {word: len(word) for word in words}", "dict[str, int]"),
    ("return {n for n in range(3)}", "set[int]"),
    ("return Doc()", "Doc"),
    ("return load(text)", "dict[str, Doc]"),
    ("return text[0] if words else None", "str | None"),
    ("found = text.strip()\n    return found", "str"),
    ("found: list[Doc] = f()\n    return found", "list[Doc]"),
    ("if words:\n        return 1", "int | None"),
    ("if words:\n        return 1\n    else:\n        return 'a'", "int | str"),
    ("if words:\n        return 1\n    raise ValueError", "int"),
    ("with open(text):\n        return 1", "int"),
    ("try:\n        return 1\n    except OSError:\n        return 2", "int"),
    ("while True:\n        if words:\n            return 1", "int"),
    (
        "match words:\n        case []: return 1\n        case _: return 2",
        "int",
    ),
    ("if x:\n        return 'a' if y else None", "str | None"),
    ("print(text)", "None"),
    ("return None", "None"),
]

UNTOLD = [
    "return unknown(text)",
    "return text.frobnicate()",
    "return x == y",
    "return []",
    "return [1, 'a']",
    "return 1 + x",
    "return odd(text)",
    "return ask(text)",
    "yield 1",
    "...",
    "raise NotImplementedError",
    '"""Says what it will do."""',
    "words = text\n    return words",
    "found = 1\n    found += x\n    return found",
    "for found in words:\n        pass\n    return found",
    "import len\n    return len(text)",
    "def load(x): ...\n    return load(text)",
    "return a if text else 1",
    "return (1 if text else 'a') if words else 2.0",
    "a = b\n    b = a\n    return a",
    "return [x async for x in words]",
    "return lambda: 1",
]


def told(body: str, head: str = "def f(text: str, words: list[str], x, y)") -> str:
    module = ast.parse(f"{HOME}{head}:\n    {body}\n")
    home = {each.name: each for each in module.body if isinstance(each, ast.FunctionDef)}
    home |= {each.name: each for each in module.body if isinstance(each, ast.AsyncFunctionDef)}
    return returned(home.pop("f"), home, ["Doc"])


@pytest.mark.parametrize(("body", "kind"), TOLD, ids=[body for body, _ in TOLD])
def test_what_is_sure_is_told(body: str, kind: str):
    """As it would be written there."""
    assert told(body) == kind


@pytest.mark.parametrize("body", UNTOLD)
def test_what_is_not_sure_is_not(body: str):
    """A wrong type is worse than none."""
    assert told(body) == ""


def test_a_coroutine_returns_what_it_waits_for():
    """Its annotation is that of its result."""
    assert told("return await ask(text)", "async def f(text: str)") == "float"
