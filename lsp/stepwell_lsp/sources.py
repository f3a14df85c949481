"""The texts of a workspace: files on disk, and the open buffers that cover some of them."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Collection, Iterable, Iterator

from stepwell.read import files
from stepwell_lsp.documents import Document
from stepwell_lsp.positions import Text

log = logging.getLogger(__name__)

SETTINGS = "pyproject.toml"

_WORD = "stepwell"
_LEFT_OUT = ("__pycache__", "node_modules", "site-packages", "build", "dist", "venv", "env")


class Sources:
    """What every file of a workspace says, and which of them have to be looked at again.

    Of a large repository the texts of those files alone are held that somebody asked for.
    """

    def __init__(self) -> None:
        self.buffers: dict[str, Document] = {}
        self._roots: tuple[str, ...] = ()
        self._says: dict[str, bool] = {}  # the files on disk: whether they say `stepwell`
        self._projects: dict[str, None] = {}  # the folders that have settings of their own
        self._texts: dict[str, Text] = {}  # of files on disk
        self._stale: dict[str, None] = {}  # in order

    def open_folders(self, roots: Iterable[str]) -> None:
        """Looks for files under these folders, and forgets what is under no folder any more."""
        self._roots = tuple(roots)
        found = dict.fromkeys(self._found())
        for path in (*found, *(path for path in self._says if path not in found)):
            self._look(path, there=path in found)

    def overlay(self, document: Document) -> None:
        """A buffer counts instead of the file, or has changed."""
        self.buffers[document.file] = document
        self._stale[document.file] = None

    def uncover(self, file: str) -> None:
        """The buffer is gone; the file counts again, if there is one."""
        self.buffers.pop(file, None)
        self._stale[file] = None

    def touch(self, paths: Iterable[str]) -> None:
        """These files, or folders, may have changed on disk."""
        for path in paths:
            inside = path + os.sep
            below = [file for file in self._says if file.startswith(inside)]
            if os.path.isdir(path):
                below += map(str, files.python_files([path]))
            for file in dict.fromkeys((path, *below)):
                self._look(file, there=self._inside(file))

    def take_stale(self) -> list[str]:
        """The files that are new, changed or gone since this was asked last."""
        stale, self._stale = list(self._stale), {}
        return stale

    def python(self) -> set[str]:
        """Every file of Python."""
        return {file for file in (*self._says, *self.buffers) if self.is_python(file)}

    def is_python(self, file: str) -> bool:
        """Whether there is Python to read under this name."""
        document = self.buffers.get(file)
        return document.python if document else file in self._says and file.endswith(".py")

    def exists(self, file: str) -> bool:
        """Whether there is anything to read under this name."""
        return file in self.buffers or file in self._says

    def says(self, file: str) -> bool:
        """Whether a file says by itself that it has to do with pipelines."""
        document = self.buffers.get(file)
        return _WORD in document.text.source if document else self._says.get(file, False)

    def folders(self) -> tuple[str, ...]:
        """The folders of the workspace, and those that are projects of their own."""
        return (*self._roots, *self._projects)

    def near(self) -> Sources | None:
        """Of these, what the open buffers need: they, and the files that name one of them.

        `None` where no buffer is Python.
        """
        names = {name_of(file) for file, each in self.buffers.items() if each.python}
        if not names:
            return None
        word = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b")
        near = Sources()
        near.buffers = dict(self.buffers)
        near._texts = self._texts
        near._says = {
            path: says and bool(word.search(self.text(path).source))
            for path, says in self._says.items()
        }
        near._stale = dict.fromkeys((*near._says, *near.buffers))
        return near

    def text(self, file: str) -> Text:
        """What a file says: its buffer, or what is on disk; nothing where that can't be read."""
        if document := self.buffers.get(file):
            return document.text
        if file not in self._texts:
            try:
                self._texts[file] = Text(files.read_text(file))
            except OSError as error:
                log.info("%s can't be read: %s", file, error)
                self._texts[file] = Text("")
        return self._texts[file]

    def keep(self, wanted: Collection[str]) -> dict[str, Text]:
        """The texts of these files and of all buffers; those of other files are let go."""
        self._texts = {file: text for file, text in self._texts.items() if file in wanted}
        return {**self._texts, **{file: found.text for file, found in self.buffers.items()}}

    def _found(self) -> Iterator[str]:
        """The Python files under the folders, and the settings beside and above them."""
        folders: set[str] = set()
        for root in self._roots:
            for path in map(str, files.python_files([root])):
                yield path
                folder = os.path.dirname(path)
                while folder not in folders and folder.startswith(root):
                    folders.add(folder)
                    folder = os.path.dirname(folder)
        for folder in sorted(folders | set(self._roots)):
            if os.path.isfile(path := os.path.join(folder, SETTINGS)):
                yield path

    def _inside(self, path: str) -> bool:
        """Whether a file is one that a look through the folders would find."""
        if not path.endswith((".py", SETTINGS)) or not os.path.isfile(path):
            return False
        for root in self._roots:
            if path.startswith(root + os.sep):
                parts = os.path.relpath(path, root).split(os.sep)
                return not any(part.startswith(".") or part in _LEFT_OUT for part in parts)
        return False

    def _look(self, path: str, *, there: bool) -> None:
        """Takes note that a file is new, has changed or is gone."""
        self._says.pop(path, None)
        if os.path.basename(path) == SETTINGS:
            self._projects.pop(os.path.dirname(path), None)
            if there:
                self._projects[os.path.dirname(path)] = None
        if there:
            try:
                with open(path, "rb") as file:
                    self._says[path] = _WORD.encode() in file.read()
            except OSError as error:
                log.info("%s can't be read: %s", path, error)
        self._texts.pop(path, None)
        self._stale[path] = None


def name_of(file: str) -> str:
    """What an import of a file names last."""
    folder, name = os.path.split(file)
    return os.path.basename(folder) if name == "__init__.py" else name.removesuffix(".py")
