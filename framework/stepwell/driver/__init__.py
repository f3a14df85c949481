"""Modules of steps in, results out: `Driver`, and `Builder` to put one together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.driver.build import Builder
from stepwell.driver.driver import Driver
from stepwell.lazy import exports

if TYPE_CHECKING:
    from stepwell.driver.materialize import from_, to

__all__ = ["Builder", "Driver", "from_", "to"]

__getattr__, __dir__ = exports(__name__, {"stepwell.driver.materialize": "from_ to"})
