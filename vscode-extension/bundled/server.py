"""Starts the language server that came with the extension, whatever the Python has installed."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "libs"))

if __name__ == "__main__":
    from stepwell_lsp.__main__ import main

    raise SystemExit(main())
