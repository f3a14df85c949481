"""What a validator is, and the error of a value that one refuses."""

from __future__ import annotations

import abc
import enum
from dataclasses import dataclass, field
from typing import Any

from stepwell.errors import CheckFailed

DataValidationError = CheckFailed
"""A value is not as it must be."""


class DataValidationLevel(enum.Enum):
    """What a failure means: a line in the log, or the end of the run."""

    WARN = "warn"
    FAIL = "fail"


@dataclass
class ValidationResult:
    """What a validation came to."""

    passes: bool
    message: str
    diagnostics: dict[str, Any] = field(default_factory=dict)


class DataValidator(abc.ABC):
    """Judges a value.

    Args:
        importance: `warn` or `fail`.
    """

    def __init__(self, importance: str) -> None:
        self._importance = DataValidationLevel(importance)

    @property
    def importance(self) -> DataValidationLevel:
        """What a failure means."""
        return self._importance

    @abc.abstractmethod
    def applies_to(self, datatype: type) -> bool:
        """Whether values of this type can be judged."""

    @abc.abstractmethod
    def description(self) -> str:
        """What is asked, as a sentence."""

    @classmethod
    @abc.abstractmethod
    def name(cls) -> str:
        """A part of the name of its node."""

    @abc.abstractmethod
    def validate(self, dataset: Any) -> ValidationResult:
        """What the value comes to."""


class AsyncDataValidator(DataValidator, abc.ABC):
    """Judges a value in a coroutine."""

    @abc.abstractmethod
    async def validate(self, dataset: Any) -> ValidationResult:  # type: ignore[override]
        """What the value comes to."""


class BaseDefaultValidator(DataValidator, abc.ABC):
    """A validator that `check_output` makes of one keyword."""

    @classmethod
    @abc.abstractmethod
    def arg(cls) -> str:
        """The keyword."""

    @classmethod
    def name(cls) -> str:
        return f"{cls.arg()}_validator"
