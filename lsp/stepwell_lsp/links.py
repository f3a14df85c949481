"""Where a rule's page is found by a link: in the server's own cache, written when it is needed."""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path

from stepwell.read.caches import cache_folder
from stepwell.rules import RULES
from stepwell.rules.pages import write
from stepwell_lsp import __version__
from stepwell_lsp.documents import uri_of

log = logging.getLogger(__name__)


def link(code: str) -> str | None:
    """The URI of the page on the rule of that code; `None` where it can't be written."""
    folder = _pages()
    name = _names().get(code)
    return uri_of(str(folder / f"{name}.md")) if folder and name else None


@cache
def _names() -> dict[str, str]:
    return {rule.code: rule.name for rule in RULES}


@cache
def _pages() -> Path | None:
    folder = (cache_folder() / f"rules-{__version__}").absolute()
    try:
        write(folder, RULES)
    except OSError as error:
        log.info("the rules' pages can't be written: %s", error)
        return None
    return folder
