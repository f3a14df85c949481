"""The fan-out that `engines.py` measures."""

from stepwell import Collect, Parallelizable


def item(size: int) -> Parallelizable[int]:
    return range(size)


def double(item: int) -> int:
    return item * 2


def report(double: Collect[int]) -> list[int]:
    return double
