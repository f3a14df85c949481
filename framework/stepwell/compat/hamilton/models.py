"""What `dynamic_transform` and `model` take: classes made of values of the configuration."""

from __future__ import annotations

import abc
from typing import Any


class DynamicTransformBase(abc.ABC):
    """Computes a value of those that it depends on.

    Args:
        config_parameters: what the configuration has for it.
        name: the name of its node.
    """

    def __init__(self, config_parameters: Any, name: str) -> None:
        self._config_parameters, self._name = config_parameters, name

    @abc.abstractmethod
    def get_dependents(self) -> list[str]:
        """The names that it reads."""

    @abc.abstractmethod
    def compute(self, **inputs: Any) -> Any:
        """The value."""

    @property
    def config_parameters(self) -> Any:
        """What the configuration has for it."""
        return self._config_parameters

    @property
    def name(self) -> str:
        """The name of its node."""
        return self._name


class BaseModel(DynamicTransformBase, abc.ABC):
    """A model, which predicts."""

    def compute(self, **inputs: Any) -> Any:
        return self.predict(**inputs)

    @abc.abstractmethod
    def predict(self, **inputs: Any) -> Any:
        """The value."""
