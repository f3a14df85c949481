"""The same as `engine_steps.py`, for Hamilton."""

from hamilton.htypes import Collect, Parallelizable


def item(size: int) -> Parallelizable[int]:
    yield from range(size)


def double(item: int) -> int:
    return item * 2


def report(double: Collect[int]) -> list[int]:
    return list(double)
