"""The wiring: what the client says, to whom it is passed on, and when findings are published."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import sys
from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Any, BinaryIO, cast

from lsprotocol import converters, types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol
from pygls.protocol.language_server import lsp_method

from stepwell.read.index import Index
from stepwell_lsp import notebooks
from stepwell_lsp.documents import Document, path_of
from stepwell_lsp.features.diagnostics import SOURCE, diagnostics, report, workspace_reports
from stepwell_lsp.features.graph import CHANGED
from stepwell_lsp.figures import Figures, is_store
from stepwell_lsp.judging import Judging, setting
from stepwell_lsp.progress import first_look
from stepwell_lsp.requests import register
from stepwell_lsp.schedule import Analyst
from stepwell_lsp.snapshot import Snapshot
from stepwell_lsp.stdio import Stdin, taken_over
from stepwell_lsp.workspace import Workspace

log = logging.getLogger(__name__)

WATCHED = ("**/*.py", "**/pyproject.toml", "**/.stepwell/runs.db*")

RUNS_REST = 0.5
"""Seconds after which what was recorded meanwhile is looked at: a run may write all the time."""


class Protocol(LanguageServerProtocol):
    """pygls's protocol, save that the buffers are ours.

    Its own copy of each buffer splits lines where Python and the protocol don't, and reads what is
    not open from disk at every call.
    """

    _server: Server

    def structure_message(self, data: dict[str, Any]) -> Any:
        """A message by its JSON; a request that is wrong in itself is answered so."""
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "id" in data and "method" in data:
                self._send_response(data["id"], error=error.to_response_error())
            raise

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        """A buffer is open: what is on disk no longer counts."""
        document = Document.opened(params.text_document)
        self._server.opened(document)
        self._server.judging.opened(document.file)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        """A buffer changed; changes to one that was never opened are dropped."""
        if document := self._server.documents.get(params.text_document.uri):
            version, changes = params.text_document.version, params.content_changes
            self._server.opened(document.changed(changes, version, self._server.encoding))

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        """A buffer is closed: what is on disk counts again."""
        self._server.closed(params.text_document.uri)

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    def lsp_notebook_document__did_open(self, params: types.DidOpenNotebookDocumentParams) -> None:
        """A notebook is open, with its cells of Python."""
        cells = [Document.opened(item) for item in params.cell_text_documents]
        self._server.notebook(params.notebook_document.uri, cells)

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def lsp_notebook_document__did_change(
        self, params: types.DidChangeNotebookDocumentParams
    ) -> None:
        """Cells changed, came or went; changes to a notebook that was never opened are dropped."""
        uri, known = params.notebook_document.uri, self._server.notebooks
        if uri in known and params.change.cells:
            self._server.notebook(uri, self._cells(known[uri], params.change.cells))

    @lsp_method(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def lsp_notebook_document__did_close(
        self, params: types.DidCloseNotebookDocumentParams
    ) -> None:
        """A notebook is closed, and nothing of it is known any more."""
        self._server.notebook(params.notebook_document.uri, None)

    def _cells(
        self, before: notebooks.Read, change: types.NotebookDocumentCellChanges
    ) -> list[Document]:
        """The cells of a notebook after a change, as they are in the editor."""
        documents = {cell.uri: self._server.documents[cell.uri] for cell in before.cells}
        uris = list(documents)
        if structure := change.structure:
            uris = notebooks.spliced(uris, structure.array)
            documents |= {item.uri: Document.opened(item) for item in structure.did_open or ()}
        for each in change.text_content or ():
            uri, version = each.document.uri, each.document.version
            if uri in documents:
                changed = documents[uri].changed(each.changes, version, self._server.encoding)
                documents[uri] = changed
        return [documents[uri] for uri in uris if uri in documents]

    @lsp_method(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def lsp_workspace__did_change_workspace_folders(
        self, params: types.DidChangeWorkspaceFoldersParams
    ) -> Generator[Any, Any, None]:
        """Folders come and go."""
        yield from super().lsp_workspace__did_change_workspace_folders(params) or ()
        self._server.folders_changed()


class Server(LanguageServer):
    """A language server over one workspace that it reads and never runs."""

    protocol: Protocol

    def __init__(self, version: str) -> None:
        super().__init__(
            "stepwell-lsp",
            version,
            protocol_cls=Protocol,
            converter_factory=converters.get_converter,
            notebook_document_sync=notebooks.SYNC,
        )
        self.documents: dict[str, Document] = {}
        self.files = Workspace(Index())
        self.analyst = Analyst(self.files.snapshot, self.publish, glimpse=self.files.glimpse)
        self.pulls = False  # whether the client asks for the findings of its buffers
        self.pulls_all = False  # and for those of all other files
        self.showing: asyncio.Future[None] | None = None  # the progress of the first look
        self.options: object = None  # what the client started it with
        self.judging = Judging(self)
        self._soon: asyncio.TimerHandle | None = None  # a look at the runs that has been put off
        self._figures = Figures()  # as the lenses were told last
        self.draws = False  # whether the client shows graphs, and wants to hear of new ones
        self.notebooks: dict[str, notebooks.Read] = {}
        self._uris: dict[str, str] = {}  # of what is published
        self._published: dict[str, tuple[int | None, list[types.Diagnostic]]] = {}
        self._told: dict[str, str | None] = {}  # the names of the answers given last

    @property
    def encoding(self) -> str:
        """The units in which the client counts columns."""
        return str(
            getattr(self.workspace.position_encoding, "value", self.workspace.position_encoding)
        )

    @property
    def commands_of_client(self) -> frozenset[str]:
        """The commands that the client says it has, as `experimental: {"commands": [...]}`."""
        experimental: Any = self.client_capabilities.experimental
        given = experimental.get("commands") if isinstance(experimental, dict) else None
        return frozenset(map(str, given)) if isinstance(given, list) else frozenset()

    def folders_changed(self) -> None:
        """Reads the folders that the client has open now."""
        folders = [path_of(folder.uri) for folder in self.workspace.folders.values()]
        if not folders and self.workspace.root_uri:
            folders = [path_of(self.workspace.root_uri)]
        roots = tuple(folder for folder in folders if folder)
        encoding = self.encoding

        def look() -> None:
            self.files.encoding = encoding
            self.files.sources.open_folders(roots)

        self.analyst.change(look)

    def opened(self, document: Document) -> None:
        """Takes over a buffer as it is now; it is analysed when it is needed."""
        self.documents[document.uri] = document
        self.analyst.change(lambda: self.files.sources.overlay(document))

    def file_of(self, uri: str) -> str:
        """The name that a buffer, or a file, has in spans."""
        document = self.documents.get(uri)
        return document.file if document else path_of(uri) or uri

    def notebook(self, uri: str, cells: list[Document] | None) -> None:
        """Takes over the cells of a notebook as they are now; none of one that is closed."""
        before = self.notebooks.pop(uri, None) or notebooks.Read("")
        gone = {cell.uri: cell.file for cell in before.cells}
        now = notebooks.read(uri, cells or ())
        if cells is not None:
            self.notebooks[uri] = now
        for raw, cell in zip(cells or (), now.cells, strict=True):
            self.documents[cell.uri] = replace(raw, file=cell.file)
        for each in gone.keys() - {cell.uri for cell in now.cells}:
            self.documents.pop(each, None)
        files = {cell.file for cell in now.cells}
        left = [file for file in gone.values() if file not in files]

        def look() -> None:
            for file in left:
                self.files.sources.uncover(file)
            for cell in now.cells:
                self.files.sources.overlay(cell)
            self.files.declare(now.folder, now.declared)

        self.analyst.change(look)

    def saved(self, file: str) -> None:
        """Reads what is on disk now, and has it judged if that is wanted."""
        self.touched([file])
        self.judging.saved(file)

    def closed(self, uri: str) -> None:
        """Goes back to what is on disk."""
        if document := self.documents.pop(uri, None):
            self._told.pop(document.file, None)
            self.analyst.change(lambda: self.files.sources.uncover(document.file))

    def touched(self, paths: list[str]) -> None:
        """Reads files again that changed on disk, or that are gone."""
        self.analyst.change(lambda: self.files.sources.touch(paths))

    def look_at_runs(self) -> None:
        """Reads what is remembered of runs again if it has changed; a client need not watch."""
        if self.files.stores.changed():
            self.analyst.change(lambda: None)

    def runs_changed(self) -> None:
        """The same, soon: while a run goes on, it is written to again and again."""
        if self._soon is None:
            self._soon = asyncio.get_running_loop().call_later(RUNS_REST, self._look_now)

    def _look_now(self) -> None:
        self._soon = None
        self.look_at_runs()

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Into the log: a message box would not help the person who types."""
        log.error("%s: %s", getattr(source, "__name__", source), error)
        if isinstance(error, json.JSONDecodeError | UnicodeDecodeError | RecursionError):
            answer = {"code": types.ErrorCodes.ParseError.value, "message": "this is no JSON"}
            self.protocol._send_data({"jsonrpc": "2.0", "id": None, "error": answer})

    async def publish(self, snapshot: Snapshot) -> None:
        """Tells what is new: files whose findings changed, and buffers of a new version.

        A client that asks for the findings of its buffers is told of the other files alone, and
        that it should ask again where an answer would be another one now.
        """
        current = {document.file: document for document in self.documents.values()}
        for file in {**snapshot.findings, **self._published}:
            version = snapshot.version(file)
            if file in current and current[file].version != version:
                continue  # typing went on: the next snapshot speaks for this file
            asked = self.pulls_all or (self.pulls and file in current)
            found = [] if asked else diagnostics(snapshot, file)
            before = self._published.get(file, (None, []))
            if before == (version, found) or (found == before[1] == [] and (asked or not version)):
                continue
            self._published[file] = (version, found)
            # What is withdrawn is so under the name that it was told under.
            uri = snapshot.uri(file) if found else self._uris.pop(file, snapshot.uri(file))
            if found:
                self._uris[file] = uri
            self.text_document_publish_diagnostics(
                types.PublishDiagnosticsParams(uri, found, version)
            )
        now = {file: report(snapshot, file).result_id for file in self._told if file in current}
        if any(self._told[file] != name for file, name in now.items()):
            self._told |= now
            self.workspace_diagnostic_refresh(None)
        if snapshot.figures is not self._figures:
            self._figures = snapshot.figures
            if self._refreshes_lenses:
                self.workspace_code_lens_refresh(None)
        if self.draws:
            self.protocol.notify(CHANGED)

    def told(
        self, snapshot: Snapshot, params: types.DocumentDiagnosticParams
    ) -> types.DocumentDiagnosticReport:
        """The findings of a buffer, for a client that asks."""
        file = self.file_of(params.text_document.uri)
        answer = report(snapshot, file, params.previous_result_id)
        if self._refreshes:
            self._told[file] = answer.result_id
        return answer

    async def told_all(self, known: Mapping[str, str]) -> types.WorkspaceDiagnosticReport:
        """The findings of the files that are not open, for a client that asks.

        A client asks again as soon as it is answered: the answer waits until there is something
        new. From the first such request on, nothing is published for these files.
        """
        self.pulls_all = True
        snapshot = await self.analyst.fresh()
        self._withdraw()
        while not (items := workspace_reports(snapshot, known, {*self.documents})):
            snapshot = await self.analyst.next()
        return types.WorkspaceDiagnosticReport(items)

    def _withdraw(self) -> None:
        """Takes back what was published: from now on it is asked for."""
        published, self._published = self._published, {}
        for file, (_, found) in published.items():
            if found:
                uri = self.analyst.snapshot.uri(file)
                self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    @property
    def _refreshes_lenses(self) -> bool:
        """Whether the client can be told to ask for the lenses again."""
        workspace = self.client_capabilities.workspace
        return bool(workspace and workspace.code_lens and workspace.code_lens.refresh_support)

    @property
    def _refreshes(self) -> bool:
        """Whether the client can be told to ask again."""
        workspace = self.client_capabilities.workspace
        return bool(workspace and workspace.diagnostics and workspace.diagnostics.refresh_support)


def create(version: str) -> Server:
    """A server with every feature registered, ready for `start_io`."""
    server = Server(version)
    _register_events(server)
    register(server)
    return server


def _register_events(server: Server) -> None:
    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        server.options = params.initialization_options
        text_document = params.capabilities.text_document
        if text_document and text_document.diagnostic:
            server.pulls = True
            options = types.DiagnosticOptions(
                inter_file_dependencies=True, workspace_diagnostics=True, identifier=SOURCE
            )
            server.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, options)(asked)
            server.feature(types.WORKSPACE_DIAGNOSTIC)(asked_for_all)

    async def asked(params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
        document = server.documents.get(params.text_document.uri)
        snapshot = await server.analyst.soon()
        if document is None or snapshot.version(document.file) != document.version:
            snapshot = await server.analyst.fresh()
        return server.told(snapshot, params)

    async def asked_for_all(
        params: types.WorkspaceDiagnosticParams,
    ) -> types.WorkspaceDiagnosticReport:
        known = {each.uri: each.value for each in params.previous_result_ids}
        return await server.told_all(known)

    @server.feature(types.INITIALIZED)
    def initialized(_: types.InitializedParams) -> None:
        server.folders_changed()
        server.judging.choose(setting(server.options))
        _watch(server)
        window = server.client_capabilities.window
        if window and window.work_done_progress:
            server.showing = asyncio.ensure_future(first_look(server))

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def watched(params: types.DidChangeWatchedFilesParams) -> None:
        paths = dict.fromkeys(path_of(change.uri) for change in params.changes)
        of_runs = [path for path in paths if path and is_store(path)]
        if of_runs:
            server.runs_changed()
        if others := [path for path in paths if path and path not in of_runs]:
            server.touched(others)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        if path := path_of(params.text_document.uri):
            server.saved(path)

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def configured(params: types.DidChangeConfigurationParams) -> None:
        server.judging.choose(setting(params.settings))


def _watch(server: Server) -> None:
    """Asks the client to tell of files that change on disk, if it can."""
    workspace = server.client_capabilities.workspace
    watching = workspace.did_change_watched_files if workspace else None
    if not (watching and watching.dynamic_registration):
        return
    watchers = [types.FileSystemWatcher(pattern) for pattern in WATCHED]
    options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
    registration = types.Registration(
        "watched-files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options
    )
    server.client_register_capability(types.RegistrationParams([registration]))


def serve(version: str) -> int:
    """Speaks with the client over stdin and stdout until it leaves; gives the exit code."""
    # An analysis and the event loop share the interpreter: hand it over often.
    sys.setswitchinterval(0.001)
    gc.disable()  # the analyst says when
    stdin, stdout = cast("BinaryIO", Stdin()), cast("BinaryIO", taken_over())
    create(version).start_io(stdin, stdout)
    return 0
