"""Modules of steps in, results out: `Driver`, and `Builder` to put one together."""

from stepwell.driver.build import Builder
from stepwell.driver.driver import Driver

__all__ = ["Builder", "Driver"]
