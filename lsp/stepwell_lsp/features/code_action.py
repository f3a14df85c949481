"""The cures that rules know, offered where the trouble is."""

from __future__ import annotations

from lsprotocol import types

from stepwell.diagnostic import Fix
from stepwell_lsp.features.diagnostics import shown
from stepwell_lsp.snapshot import Snapshot


def code_actions(snapshot: Snapshot, file: str, chosen: types.Range) -> list[types.CodeAction]:
    """A quick fix for every finding in the chosen lines whose rule knows a cure."""
    actions = []
    for finding in snapshot.findings.get(file, ()):
        place = shown(snapshot, finding, file)
        if finding.fix and _touch(place.range, chosen):
            actions.append(
                types.CodeAction(
                    title=finding.fix.title,
                    kind=types.CodeActionKind.QuickFix,
                    diagnostics=[place],
                    is_preferred=finding.fix.safe or None,
                    edit=edit(snapshot, finding.fix),
                )
            )
    return actions


def edit(snapshot: Snapshot, fix: Fix) -> types.WorkspaceEdit:
    """The edits of a fix; those of open buffers hold for their version alone."""
    by_file: dict[str, list[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit]] = {}
    for change in fix.edits:
        by_file.setdefault(change.span.file, []).append(
            types.TextEdit(snapshot.range(change.span), change.text)
        )
    return types.WorkspaceEdit(
        document_changes=[
            types.TextDocumentEdit(
                types.OptionalVersionedTextDocumentIdentifier(
                    snapshot.uri(file), snapshot.version(file)
                ),
                edits,
            )
            for file, edits in by_file.items()
        ]
    )


def _touch(a: types.Range, b: types.Range) -> bool:
    return a.start <= b.end and b.start <= a.end
