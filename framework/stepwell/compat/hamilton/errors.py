"""Errors of stepwell, of the types that Hamilton's users catch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from stepwell.compat.hamilton.function_modifiers.base import InvalidDecoratorException
from stepwell.errors import AdapterError, GraphError, HookError, RequestError

_MODIFIERS = ("SW301", "SW302")


class InvalidGraph(GraphError, ValueError):
    """The steps make no graph."""


class InvalidDecorators(InvalidGraph, InvalidDecoratorException):
    """A step's decorator was given what it can't use."""


class InvalidRequest(RequestError, ValueError):
    """What was asked of a driver can't be run."""


class InvalidAdapter(AdapterError, ValueError):
    """An adapter can't be used."""


@contextmanager
def as_theirs() -> Iterator[None]:
    """Within, what stepwell raises is a `ValueError` too, or an `InvalidDecoratorException`.

    What a hook raises arrives as itself.
    """
    try:
        yield
    except (InvalidGraph, InvalidRequest, InvalidAdapter):
        raise
    except GraphError as error:
        decorators = any(each.code in _MODIFIERS for each in error.diagnostics)
        kind = InvalidDecorators if decorators else InvalidGraph
        raise kind(error.diagnostics) from None
    except RequestError as error:
        raise InvalidRequest(error.problems) from None
    except HookError as error:
        if error.__cause__ is None:
            raise
        error.__cause__.add_note(str(error))
        raise error.__cause__ from None
    except AdapterError as error:
        raise InvalidAdapter(str(error)) from None
