"""Which editors are here to be tested with; `make e2e` says what to install for the others."""

import shutil

collect_ignore = [] if shutil.which("nvim") else ["test_neovim.py"]
