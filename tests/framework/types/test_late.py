"""Annotations that lead into modules which raise when they are asked."""

from types import ModuleType

from stepwell.read import runtime
from stepwell.testing import module_of


class Late(ModuleType):
    """A module that is loaded when it is first used, and is not installed."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("_"):
            raise AttributeError(name)
        raise ModuleNotFoundError(f"{name} needs a package that is not installed")


pa = Late("pa")


def table(rows: "pa.Table | Missing", count: int) -> "pa.Table":  # noqa: F821
    """Known to a type checker alone."""
    return rows


def test_a_module_that_raises_is_a_name_that_is_missing():
    """As seen in a library: then the name alone is known."""
    (node,) = runtime.read(module_of(table))
    assert node.type.short == "Table"
    assert [param.type.short for param in node.params] == ["Missing | Table", "int"]
