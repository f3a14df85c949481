"""What a project has accepted: the findings of its baseline, which `stepwell check` leaves out."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from stepwell.diagnostic import Diagnostic
from stepwell.read.baseline import BaselineError, Key, new, read

log = logging.getLogger(__name__)


class Accepted:
    """The baselines of a workspace, each read again when its file has changed."""

    def __init__(self) -> None:
        self._read: dict[Path, tuple[int, Counter[Key]]] = {}

    def left(self, found: Iterable[Diagnostic], baseline: Path | None) -> tuple[Diagnostic, ...]:
        """The findings of one file that are not accepted; hints stay, as no baseline has them."""
        everything = tuple(found)
        if baseline is None or not (known := self._known(baseline)):
            return everything
        counted = (one for one in everything if one.severity != "hint")
        unknown = {id(one) for one in new(baseline, known.copy(), counted)}
        return tuple(one for one in everything if one.severity == "hint" or id(one) in unknown)

    def _known(self, baseline: Path) -> Counter[Key]:
        try:
            changed = baseline.stat().st_mtime_ns
            before = self._read.get(baseline)
            if before is None or before[0] != changed:
                self._read[baseline] = changed, read(baseline)
            return self._read[baseline][1]
        except (BaselineError, OSError) as error:
            log.info("%s", error)  # half written, or not there yet: nothing is accepted
            return Counter()
