"""Which editors are here to be tested with; `make e2e` says what to install for the others."""

import shutil

_NEEDED = {"nvim": "test_neovim.py", "emacs": "test_emacs.py"}
collect_ignore = [file for editor, file in _NEEDED.items() if not shutil.which(editor)]
