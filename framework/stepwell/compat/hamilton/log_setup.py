"""Logging to the console."""

from __future__ import annotations

import logging

LOG_LEVELS = {
    name: getattr(logging, name) for name in ("CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG")
}


def setup_logging(log_level: int | str = logging.INFO) -> None:
    """Has the console show records of this level and above."""
    logging.basicConfig(
        level=log_level, format="[%(levelname)s] %(asctime)s %(name)s(%(lineno)s): %(message)s"
    )
