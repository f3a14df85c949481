"""What the dataflows that Hamilton's users have published import."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def catch_import_errors(module_name: str, file_location: str, logger: Any) -> Iterator[None]:
    """Within, what can't be imported is noted with where its requirements are listed.

    Raises:
        ImportError: as raised within.
    """
    from pathlib import Path

    try:
        yield
    except ImportError as error:
        listed = Path(file_location).parent / "requirements.txt"
        error.add_note(f"`{module_name}` needs what {listed} lists")
        raise
