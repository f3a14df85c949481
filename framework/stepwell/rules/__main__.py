"""`python -m stepwell.rules docs/rules` writes the rules' pages."""

from __future__ import annotations

import sys
from pathlib import Path

from stepwell.rules import RULES
from stepwell.rules.pages import write

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m stepwell.rules FOLDER")
    write(Path(sys.argv[1]), RULES)
