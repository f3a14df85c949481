"""Where what can be made again is kept between runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    """The folder for this user; `STEPWELL_CACHE_DIR` names another one. It may not exist yet."""
    if given := os.environ.get("STEPWELL_CACHE_DIR"):
        return Path(given)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
        return Path(base or Path.home() / "AppData" / "Local") / "stepwell" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "stepwell"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stepwell"
