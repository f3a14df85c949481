"""What reads a kind of data, and what writes it: one class each, a dataclass of its options."""

from __future__ import annotations

import abc
import dataclasses
import typing
from collections.abc import Collection
from typing import Any

from stepwell.compat.hamilton.htypes import custom_subclass_check


class AdapterCommon(abc.ABC):
    """What loaders and savers have in common."""

    @classmethod
    @abc.abstractmethod
    def applicable_types(cls) -> Collection[Any]:
        """The types that it reads, or writes."""

    @classmethod
    @abc.abstractmethod
    def name(cls) -> str:
        """What it is called by: `to.NAME`, `from_.NAME`."""

    @classmethod
    def get_required_arguments(cls) -> dict[str, Any]:
        """The options that have to be given, with their types.

        Raises:
            TypeError: if the class is no dataclass.
        """
        return {each.name: kind for each, kind, needed in _fields(cls) if needed}

    @classmethod
    def get_optional_arguments(cls) -> dict[str, Any]:
        """The options that have defaults, with their types.

        Raises:
            TypeError: if the class is no dataclass.
        """
        return {each.name: kind for each, kind, needed in _fields(cls) if not needed}

    @classmethod
    def can_load(cls) -> bool:
        """Whether it reads."""
        return False

    @classmethod
    def can_save(cls) -> bool:
        """Whether it writes."""
        return False


class DataLoader(AdapterCommon, abc.ABC):
    """Reads data."""

    @abc.abstractmethod
    def load_data(self, type_: Any) -> tuple[Any, dict[str, Any]]:
        """The data as that type, and what is known of it."""

    @classmethod
    def can_load(cls) -> bool:
        return True

    @classmethod
    def applies_to(cls, type_: Any) -> bool:
        """Whether it reads what may stand for that type."""
        return any(custom_subclass_check(made, type_) for made in cls.applicable_types())


class DataSaver(AdapterCommon, abc.ABC):
    """Writes data."""

    @abc.abstractmethod
    def save_data(self, data: Any) -> dict[str, Any]:
        """Writes it; gives what is to be known of it."""

    @classmethod
    def can_save(cls) -> bool:
        return True

    @classmethod
    def applies_to(cls, type_: Any) -> bool:
        """Whether it writes values of that type."""
        return any(custom_subclass_check(type_, taken) for taken in cls.applicable_types())


def _fields(cls: type) -> list[tuple[dataclasses.Field[Any], Any, bool]]:
    if not dataclasses.is_dataclass(cls):
        raise TypeError(f"`{cls.__qualname__}` is no dataclass; put `@dataclass` above it")
    hints = typing.get_type_hints(cls)
    missing = dataclasses.MISSING
    return [
        (each, hints.get(each.name), each.default is missing and each.default_factory is missing)
        for each in dataclasses.fields(cls)
    ]


def chosen(classes: Collection[Any], type: Any) -> Any:
    """The last registered of these that suits the type; one for anything only where none else does.

    `None` if there is none.
    """
    suited = [each for each in classes if Any not in each.applicable_types()]
    anything = [each for each in classes if Any in each.applicable_types()]
    if type is Any:
        return (anything or suited or [None])[-1]
    found = [each for each in suited if each.applies_to(type)]
    return (found or anything or [None])[-1]
