"""Ctrl-C in a fan-out: what was sent is answered or given up, and nothing more is sent."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from threading import Event

import pytest

from stepwell.testing import FakeModel, Reply

SCRIPT = """
import signal, sys
from openai import AsyncOpenAI, OpenAI
from stepwell import Builder, Collect, Parallelizable
from stepwell.executors import AsyncioExecutor, InlineExecutor, ThreadsExecutor
from stepwell.llm import metered
from stepwell.testing import module_of

url, way = sys.argv[1:]
options = {"base_url": url, "api_key": "k", "max_retries": 0}
client, later = metered(OpenAI(**options)), metered(AsyncOpenAI(**options))


def question(item):
    return {"model": "m", "messages": [{"role": "user", "content": f"{item}"}]}


def item(count: int) -> Parallelizable[int]:
    yield from range(count)


def plain(item: int) -> int:
    client.chat.completions.create(**question(item))
    return item


async def awaited(item: int) -> int:
    await later.chat.completions.create(**question(item))
    return item


def items(asked: Collect[int]) -> int:
    return len(asked)


def told(number, frame):
    print("told", flush=True)
    signal.default_int_handler(number, frame)


step = awaited if way == "awaited" else plain
step.__name__ = "asked"
executor = {"inline": InlineExecutor, "threads": lambda: ThreadsExecutor(3)}
made = executor.get(way, lambda: AsyncioExecutor(3))()
if way == "threads":
    signal.signal(signal.SIGINT, told)
dr = Builder().with_modules(module_of(item, step, items)).with_executor(made).build()
dr.execute(["items"], {"count": 1000})
"""


@pytest.fixture
def held() -> Iterator[Event]:
    event = Event()
    yield event
    event.set()


@pytest.mark.parametrize(
    ("way", "at_once"), [("inline", 1), ("threads", 3), ("beside a loop", 3), ("awaited", 3)]
)
def test_fault_p4_no_request_leaves_after_ctrl_c(way: str, at_once: int, held: Event) -> None:
    """On threads those under way are waited for; else they end at once. The exit says why."""
    with FakeModel(reply=Reply(held=held)) as model:
        program = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, model.url, way],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with program:
            assert model.has_received(at_once, within=60)
            program.send_signal(signal.SIGINT)
            if way == "threads":
                assert program.stdout is not None
                assert program.stdout.readline() == "told\n"
                held.set()
            _, error = program.communicate(timeout=60)
        assert program.returncode == -signal.SIGINT, error
        assert len(model.requests) < 20 if way == "threads" else len(model.requests) == at_once
    assert "KeyboardInterrupt" in error
