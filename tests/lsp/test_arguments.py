"""What may stand in a modifier's arguments, a config and a prompt; and what a modifier takes."""

from __future__ import annotations

import pytest

from stepwell_lsp.features.completion import completion
from stepwell_lsp.features.signature_help import signature_help

HEAD = "from stepwell import config, inject, parameterize, source, value\nimport stepwell as sw\n"
STEP = "\ndef late(first: int, second: str) -> str: ...\n"
EARLY = "def early(seed: int) -> int: ...\n@config.when(mode='big')\ndef early__x() -> int: ...\n"
ROUTER = "from typing import Literal\ndef kind(question: str) -> Literal['fact', 'chat']: ...\n"

COMPLETED = [
    ("@inject(‸)" + STEP, ["first", "second"]),
    ("@inject(first=source('early'), ‸)" + STEP, ["second"]),
    ("@inject(first=‸)" + STEP, []),
    ("@inject(s‸" + STEP, ["second"]),
    ("@sw.inject(first=sw.source('‸'))" + STEP, ["early", "seed"]),
    ("@inject(first=source('se‸'))" + STEP, ["seed"]),
    ("@inject(first=value('‸'))" + STEP, []),
    ("@parameterize(a={'‸'})" + STEP, ["first", "second"]),
    ("@parameterize(a={'first': source('‸')})" + STEP, ["early", "seed"]),
    ("@config.when(‸)" + STEP, ["mode"]),
    ("@config.when(mode='‸')" + STEP, ["big"]),
    ("@config.when_in(mode=['‸'])" + STEP, ["big"]),
    ("@sw.when(‸)" + STEP, ["early", "kind", "question", "seed"]),
    ("@sw.when(kind='‸')" + STEP, ["chat", "fact"]),
    ("@sw.when_in(kind=['fact', '‸'])" + STEP, ["chat", "fact"]),
    ("@sw.when(seed='‸')" + STEP, []),
    ("@other.inject(‸)" + STEP, []),
    ("def late(first: int) -> str:\n    return 'x {f‸'.format(first=first)\n", ["first"]),
    ("def late(first: int) -> str:\n    return 'x {{f‸'.format(first=first)\n", []),
    ("T = '{‸}'\ndef late(first: int) -> str:\n    return T.format(first=first)\n", ["first"]),
    ("T = '{‸}'\n", []),
]


@pytest.mark.parametrize(("text", "expected"), COMPLETED, ids=[text for text, _ in COMPLETED])
def test_completion_in_arguments(look, text, expected):
    """Parameters of the step below, nodes and inputs, keys and values of config, placeholders."""
    run = "d2 = driver.Driver(flags, early, late)\nd2.execute(['early'])"
    routed = ROUTER if "@sw.when" in text else ""
    seen = look({"early.py": HEAD + EARLY, "late.py": HEAD + routed + text}, run=run)
    items = completion(seen.snapshot, seen.file, seen.position).items
    assert sorted(
        {item.label for item in items} - {"late", "first", "second"}
        | {item.label for item in items if item.label in expected}
    ) == sorted(expected)


def test_a_keyword_is_completed_with_its_sign(look):
    """What follows is its value."""
    seen = look(HEAD + "@inject(fi‸)" + STEP)
    (item,) = completion(seen.snapshot, seen.file, seen.position).items
    assert item.text_edit.new_text == "first="


def test_config_keys_where_a_driver_is_built(look):
    """The keys that conditions ask for."""
    run = "d2 = driver.Driver({'‸"
    seen = look({"early.py": HEAD + EARLY}, run=run + "'}, early)\nd3 = driver.Driver(x, early)")
    items = completion(seen.snapshot, seen.file, seen.position).items
    assert [item.label for item in items] == ["mode"]


@pytest.mark.parametrize(
    ("text", "label", "active"),
    [
        ("@inject(‸)" + STEP, "inject(first=…, second=…)", 0),
        ("@inject(first=value(1), ‸)" + STEP, "inject(first=…, second=…)", 1),
        ("@inject(second=‸)" + STEP, "inject(first=…, second=…)", 1),
        ("@inject(first=value(‸" + STEP, "value(value: Any)", 0),
        ("@sw.node(‸)" + STEP, "sw.node(name: str)", 0),
        ("@config.when(mode='a', ‸)" + STEP, "config.when(**values: Any)", 0),
        ("x = print(‸)" + STEP, None, 0),
        ("@inject‸" + STEP, None, 0),
    ],
)
def test_signature_help(look, text, label, active):
    """Of the innermost modifier; of `inject`, the parameters that it can bind."""
    seen = look(HEAD + text)
    found = signature_help(seen.snapshot, seen.file, seen.position)
    assert (found and found.signatures[0].label) == label
    assert found is None or found.active_parameter == active
