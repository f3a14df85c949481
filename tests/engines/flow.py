"""A pipeline for the engines' tests; no worker can import it, so it travels with its code."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from stepwell import Collect, Parallelizable
from stepwell.llm import Usage, record_usage


def page(pages: Iterable[Any]) -> Parallelizable[Any]:
    yield from pages


def done(page: Any, shared: Any, folder: str) -> Any:
    record_usage(Usage(input_tokens=5, requests=1), operation="chat", model="m")
    if page == "raises":
        raise Odd("no such page")
    if page == "takes long":
        Path(folder, f"{time.time_ns()}.began").touch()
        time.sleep(0.3)
    if page == "fails once" and not Path(folder, "failed").exists():
        Path(folder, "failed").touch()
        raise ConnectionError("reset")
    if page == "dies":
        os._exit(1)
    if page == "dies once" and not Path(folder, "died").exists():
        Path(folder, "died").touch()
        os._exit(1)
    return page


def elsewhere(page: Any) -> int:
    return os.getpid()


def half(page: int) -> Parallelizable[int]:
    return [page // 2, page - page // 2]


def halves(half: Collect[int]) -> list[int]:
    return half


def all_halves(halves: Collect[list[int]]) -> list[list[int]]:
    return halves


def report(done: Collect[Any]) -> list[Any]:
    return done


def pids(elsewhere: Collect[int]) -> set[int]:
    return {*elsewhere}


def started(count: int) -> tuple[int, int]:
    record_usage(Usage(input_tokens=5, requests=1), operation="chat", model="m")
    return count + 1, os.getpid()


def ended(started: tuple[int, int]) -> tuple[int, int, int]:
    return started[0] + 1, started[1], os.getpid()


class Odd(Exception):
    """An error of the pipeline's own."""
