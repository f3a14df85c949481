"""What an editor may ask: each request with the function that answers it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from stepwell_lsp.features import call_hierarchy
from stepwell_lsp.features.code_action import code_actions
from stepwell_lsp.features.code_lens import code_lenses
from stepwell_lsp.features.completion import TRIGGERS, completion
from stepwell_lsp.features.definition import definition
from stepwell_lsp.features.folding import folding_ranges
from stepwell_lsp.features.graph import METHOD as GRAPH
from stepwell_lsp.features.graph import View, graph_view, last_run_page
from stepwell_lsp.features.highlight import highlight
from stepwell_lsp.features.hover import hover
from stepwell_lsp.features.inlay import inlay_hints
from stepwell_lsp.features.last_run import METHOD as LAST_RUN
from stepwell_lsp.features.last_run import Page
from stepwell_lsp.features.references import references
from stepwell_lsp.features.rename import Refused, prepare, rename
from stepwell_lsp.features.rules import METHOD as RULES
from stepwell_lsp.features.rules import RulePage, rule_pages
from stepwell_lsp.features.semantic import LEGEND, semantic_tokens
from stepwell_lsp.features.signature_help import TRIGGERS as SIGNATURE_TRIGGERS
from stepwell_lsp.features.signature_help import signature_help
from stepwell_lsp.features.symbols import document_symbols, workspace_symbols
from stepwell_lsp.features.type_definition import type_definition

if TYPE_CHECKING:
    from stepwell_lsp.server import Server

_REFUSED = types.LSPErrorCodes.RequestFailed.value


def register(server: Server) -> None:
    """Makes the server answer every request."""
    _about_names(server)
    _about_neighbours(server)
    _about_files(server)
    _shown_along(server)
    _changes(server)
    _register_own(server)


def _about_names(server: Server) -> None:
    """What is asked about the name under a cursor."""
    fresh = server.analyst.fresh

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    async def _(params: types.DefinitionParams) -> list[types.Location]:
        return definition(await fresh(), server.file_of(params.text_document.uri), params.position)

    @server.feature(types.TEXT_DOCUMENT_TYPE_DEFINITION)
    async def _(params: types.TypeDefinitionParams) -> list[types.Location]:
        return type_definition(
            await fresh(), server.file_of(params.text_document.uri), params.position
        )

    @server.feature(types.TEXT_DOCUMENT_REFERENCES)
    async def _(params: types.ReferenceParams) -> list[types.Location]:
        declaration = params.context.include_declaration
        snapshot = await fresh()
        return references(
            snapshot,
            server.file_of(params.text_document.uri),
            params.position,
            declaration=declaration,
        )

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)
    async def _(params: types.DocumentHighlightParams) -> list[types.DocumentHighlight]:
        return highlight(await fresh(), server.file_of(params.text_document.uri), params.position)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def _(params: types.HoverParams) -> types.Hover | None:
        server.look_at_runs()
        return hover(await fresh(), server.file_of(params.text_document.uri), params.position)

    @server.feature(
        types.TEXT_DOCUMENT_SIGNATURE_HELP,
        types.SignatureHelpOptions(trigger_characters=SIGNATURE_TRIGGERS),
    )
    async def _(params: types.SignatureHelpParams) -> types.SignatureHelp | None:
        return signature_help(
            await fresh(), server.file_of(params.text_document.uri), params.position
        )

    @server.feature(
        types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=TRIGGERS)
    )
    async def _(params: types.CompletionParams) -> types.CompletionList:
        return completion(await fresh(), server.file_of(params.text_document.uri), params.position)


def _about_neighbours(server: Server) -> None:
    """Upstream and downstream."""
    fresh = server.analyst.fresh

    @server.feature(types.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY)
    async def _(params: types.CallHierarchyPrepareParams) -> list[types.CallHierarchyItem]:
        return call_hierarchy.prepare(
            await fresh(), server.file_of(params.text_document.uri), params.position
        )

    @server.feature(types.CALL_HIERARCHY_INCOMING_CALLS)
    async def _(
        params: types.CallHierarchyIncomingCallsParams,
    ) -> list[types.CallHierarchyIncomingCall]:
        return call_hierarchy.incoming(await fresh(), params.item)

    @server.feature(types.CALL_HIERARCHY_OUTGOING_CALLS)
    async def _(
        params: types.CallHierarchyOutgoingCallsParams,
    ) -> list[types.CallHierarchyOutgoingCall]:
        return call_hierarchy.outgoing(await fresh(), params.item)


def _shown_along(server: Server) -> None:
    """What an editor shows in a text without being asked by the person."""
    fresh = server.analyst.fresh

    @server.feature(types.TEXT_DOCUMENT_INLAY_HINT)
    async def _(params: types.InlayHintParams) -> list[types.InlayHint]:
        return inlay_hints(await fresh(), server.file_of(params.text_document.uri), params.range)

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS)
    async def _(params: types.CodeLensParams) -> list[types.CodeLens]:
        server.look_at_runs()
        return code_lenses(
            await fresh(),
            server.file_of(params.text_document.uri),
            commands=server.commands_of_client,
        )

    @server.feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, LEGEND)
    async def _(params: types.SemanticTokensParams) -> types.SemanticTokens:
        return semantic_tokens(await fresh(), server.file_of(params.text_document.uri))

    @server.feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_RANGE, LEGEND)
    async def _(params: types.SemanticTokensRangeParams) -> types.SemanticTokens:
        return semantic_tokens(
            await fresh(), server.file_of(params.text_document.uri), params.range
        )


def _about_files(server: Server) -> None:
    """What is asked about a whole file, or the workspace."""
    fresh = server.analyst.fresh

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    async def _(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
        return document_symbols(await fresh(), server.file_of(params.text_document.uri))

    @server.feature(types.TEXT_DOCUMENT_FOLDING_RANGE)
    async def _(params: types.FoldingRangeParams) -> list[types.FoldingRange]:
        return folding_ranges(await fresh(), server.file_of(params.text_document.uri))

    @server.feature(types.WORKSPACE_SYMBOL)
    async def _(params: types.WorkspaceSymbolParams) -> list[types.WorkspaceSymbol]:
        return workspace_symbols(await fresh(), params.query)


def _changes(server: Server) -> None:
    """What answers with edits."""
    fresh = server.analyst.fresh

    @server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
    async def _(params: types.PrepareRenameParams) -> types.PrepareRenamePlaceholder:
        try:
            return prepare(await fresh(), server.file_of(params.text_document.uri), params.position)
        except Refused as refused:
            raise JsonRpcException(str(refused), _REFUSED) from None

    @server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
    async def _(params: types.RenameParams) -> types.WorkspaceEdit:
        try:
            return rename(
                await fresh(),
                server.file_of(params.text_document.uri),
                params.position,
                params.new_name,
            )
        except Refused as refused:
            raise JsonRpcException(str(refused), _REFUSED) from None

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(
            code_action_kinds=[
                types.CodeActionKind.QuickFix,
                types.CodeActionKind.RefactorExtract,
                types.CodeActionKind.RefactorRewrite,
            ]
        ),
    )
    async def _(params: types.CodeActionParams) -> list[types.CodeAction]:
        commands = server.commands_of_client
        return code_actions(
            await fresh(), server.file_of(params.text_document.uri), params.range, commands=commands
        )


def _register_own(server: Server) -> None:
    """Requests that the protocol does not know; the page on the editor describes them."""

    @server.feature(GRAPH)
    async def _(params: Any) -> View | None:
        try:
            uri, pipeline = str(params["textDocument"]["uri"]), params.get("pipeline")
            at = params.get("position")
            position = at and types.Position(int(at["line"]), int(at["character"]))
        except (TypeError, KeyError, ValueError, AttributeError):
            raise JsonRpcInvalidParams(f"`{GRAPH}` takes a `textDocument`") from None
        server.draws = True
        server.look_at_runs()
        snapshot = await server.analyst.fresh()
        # Of ten thousand steps it takes a fifth of a second, in which others shall be answered.
        file = server.file_of(uri)
        return await asyncio.to_thread(graph_view, snapshot, file, pipeline, position)

    @server.feature(LAST_RUN)
    async def _(params: Any) -> Page | None:
        try:
            uri, pipeline = str(params["textDocument"]["uri"]), params.get("pipeline")
        except (TypeError, KeyError, AttributeError):
            raise JsonRpcInvalidParams(f"`{LAST_RUN}` takes a `textDocument`") from None
        server.look_at_runs()
        return last_run_page(await server.analyst.fresh(), server.file_of(uri), pipeline)

    @server.feature(RULES)
    def _(_: Any) -> list[RulePage]:
        return rule_pages()
