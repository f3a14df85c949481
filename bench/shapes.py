"""The graphs that the benchmarks run, each with what one would write by hand for it."""

from __future__ import annotations

import random
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple


class Shape(NamedTuple):
    """A pipeline as a module, its target and inputs, and the same by hand."""

    module: ModuleType
    target: str
    inputs: dict[str, Any]
    by_hand: Callable[..., Any]


def module(name: str, text: str) -> ModuleType:
    """A module of that text, as if it had been imported."""
    made = ModuleType(name)
    exec(compile(text, f"<{name}>", "exec", dont_inherit=True), vars(made))
    return made


def chain(size: int) -> Shape:
    """Each step adds one to the one before it."""
    lines = ["def n0(x: int) -> int:\n    return x"]
    lines += [f"def n{n}(n{n - 1}: int) -> int:\n    return n{n - 1} + 1" for n in range(1, size)]
    body = [f"    v{n} = n{n}({f'v{n - 1}' if n else 'x'})" for n in range(size)]
    lines.append(
        "def _by_hand(x):\n" + "\n".join(body) + f"\n    return {{'n{size - 1}': v{size - 1}}}"
    )
    made = module(f"chain_{size}", "\n".join(lines))
    return Shape(made, f"n{size - 1}", {"x": 1}, made._by_hand)


def layered(layers: int, width: int) -> Shape:
    """Each step reads three of the layer above; one more adds up the last layer."""
    chance = random.Random(1)
    lines, body = [], []
    for layer in range(layers):
        for place in range(width):
            name = f"l{layer}_{place}"
            reads = (
                [f"l{layer - 1}_{other}" for other in chance.sample(range(width), 3)]
                if layer
                else ["x"]
            )
            params = ", ".join(f"{read}: int" for read in reads)
            lines.append(f"def {name}({params}) -> int:\n    return {' + '.join(reads)} & 1023")
            given = ", ".join(read if read == "x" else f"v_{read}" for read in reads)
            body.append(f"    v_{name} = {name}({given})")
    last = [f"l{layers - 1}_{place}" for place in range(width)]
    params = ", ".join(f"{read}: int" for read in last)
    lines.append(f"def total({params}) -> int:\n    return {' + '.join(last)}")
    body.append(f"    return {{'total': total({', '.join(f'v_{read}' for read in last)})}}")
    lines.append("def _by_hand(x):\n" + "\n".join(body))
    made = module(f"layered_{layers}_{width}", "\n".join(lines))
    return Shape(made, "total", {"x": 1}, made._by_hand)


RAG = """
{imports}
{a}def normalized(question: str) -> str:{sleep0}
    return " ".join(question.split()).strip("?!. ").lower()
{a}def keywords(normalized: str) -> list[str]:{sleep}
    return [word for word in normalized.split() if len(word) > 2]
{a}def embedded(normalized: str) -> list[float]:{sleep}
    return [float(len(normalized)), float(normalized.count("e"))]
{a}def by_meaning(embedded: list[float], top_k: int) -> list[int]:{sleep}
    return sorted([int(embedded[0]), int(embedded[1]), 7])[:top_k]
{a}def by_words(keywords: list[str], top_k: int) -> list[int]:{sleep}
    return [len(word) for word in keywords][:top_k]
{a}def found(by_meaning: list[int], by_words: list[int]) -> list[int]:{sleep0}
    return [*dict.fromkeys([*by_meaning, *by_words])]
{a}def passages(found: list[int]) -> list[str]:{sleep0}
    return [str(number) for number in found]
{a}def context(passages: list[str]) -> str:{sleep0}
    return "; ".join(passages)
{a}def prompt(context: str, normalized: str) -> str:{sleep0}
    return f"{{context}}: {{normalized}}"
{a}def reply(prompt: str) -> str:{sleep}
    return prompt.upper()
{a}def sources(found: list[int]) -> list[int]:{sleep}
    return found[:2]
{a}def answer(reply: str, sources: list[int]) -> tuple[str, list[int]]:{sleep0}
    return (reply, sources)
"""

RAG_BY_HAND = """
def _by_hand(question, top_k):
    n = normalized(question)
    k = keywords(n)
    e = embedded(n)
    m = by_meaning(e, top_k)
    w = by_words(k, top_k)
    f = found(m, w)
    p = passages(f)
    c = context(p)
    t = prompt(c, n)
    r = reply(t)
    s = sources(f)
    return {"answer": answer(r, s)}
"""

RAG_ASYNC_BY_HAND = """
async def _words(n, top_k):
    return await by_words(await keywords(n), top_k)
async def _meaning(n, top_k):
    return await by_meaning(await embedded(n), top_k)
async def _by_hand(question, top_k):
    n = normalized(question)
    m, w = await asyncio.gather(_meaning(n, top_k), _words(n, top_k))
    f = found(m, w)
    t = prompt(context(passages(f)), n)
    r, s = await asyncio.gather(reply(t), sources(f))
    return {"answer": answer(r, s)}
"""

INPUTS = {"question": " what is a step? ", "top_k": 3}


def rag() -> Shape:
    """Twelve steps that do almost nothing."""
    text = RAG.format(imports="", a="", sleep="", sleep0="")
    made = module("rag", text + RAG_BY_HAND)
    return Shape(made, "answer", INPUTS, made._by_hand)


def rag_async(seconds: float) -> Shape:
    """The same twelve; six of them sleep."""
    sleep = f"\n    await asyncio.sleep({seconds})"
    lines = [
        ("async " if "{sleep}" in line else "")
        + line.format(imports="import asyncio", sleep=sleep, sleep0="")
        for line in RAG.split("{a}")
    ]
    made = module("rag_async", "".join(lines) + RAG_ASYNC_BY_HAND)
    return Shape(made, "answer", INPUTS, made._by_hand)
