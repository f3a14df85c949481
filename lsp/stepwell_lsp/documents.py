"""Open buffers, and the names of files: what the client shows, whatever is on disk."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote, urlsplit

from lsprotocol import types

from stepwell_lsp.positions import Text

_DRIVE = re.compile(r"^/[A-Za-z]:")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


def path_of(uri: str) -> str | None:
    """The path of a `file:` URI; `None` for every other scheme, which is never looked for on disk.

    >>> path_of("file:///home/me/a%20b.py"), path_of("untitled:Untitled-1")
    ('/home/me/a b.py', None)
    """
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    path = unquote(parts.path)
    if parts.scheme != "file" or not path or "\0" in path:
        return None
    if parts.netloc and parts.netloc != "localhost":
        path = f"//{parts.netloc}{path}"
    if _DRIVE.match(path):
        path = path[1:]
    return os.path.normpath(path)


def uri_of(path: str) -> str:
    """The `file:` URI of a path; a name that is a URI already stays as it is.

    >>> uri_of("/home/me/a b.py"), uri_of("untitled:Untitled-1")
    ('file:///home/me/a%20b.py', 'untitled:Untitled-1')
    """
    if not os.path.isabs(path):
        return path
    path = path.replace(os.sep, "/")
    return "file://" + quote(path if path.startswith("/") else "/" + path, safe="/:")


@dataclass(frozen=True, slots=True)
class Document:
    """An open buffer as it stands after the last change.

    Args:
        uri: as the client writes it; answers use the same spelling.
        file: the name it has in spans: its path, or its URI where it has none.
        text: what is in the buffer.
        version: the client's number of this state.
        python: whether the client takes it for Python.
    """

    uri: str
    file: str
    text: Text
    version: int
    python: bool = True

    @classmethod
    def opened(cls, item: types.TextDocumentItem) -> Document:
        """The document that the client opens."""
        file = path_of(item.uri) or item.uri
        python = item.language_id == "python" or file.endswith(".py")
        return cls(item.uri, file, Text(_whole(item.text)), item.version, python)

    def changed(
        self,
        changes: Iterable[types.TextDocumentContentChangeEvent],
        version: int,
        encoding: str,
    ) -> Document:
        """The document after these changes, each applied to what the one before it left."""
        text = self.text
        for change in changes:
            if isinstance(change, types.TextDocumentContentChangePartial):
                text = text.edited(change.range, _whole(change.text), encoding)
            else:
                text = Text(_whole(change.text))
        return replace(self, text=text, version=version)


def _whole(text: str) -> str:
    """Half a character can't be encoded by anyone; a mark as wide as it takes its place."""
    return _LONE_SURROGATE.sub("\ufffd", text)
