"""The cures that rules know, offered where the trouble is."""

from __future__ import annotations

from collections.abc import Collection

from lsprotocol import types

from stepwell.diagnostic import Diagnostic, Edit, Fix
from stepwell_lsp.features.annotation import annotation
from stepwell_lsp.features.creation import creations
from stepwell_lsp.features.diagnostics import shown
from stepwell_lsp.features.extraction import extraction
from stepwell_lsp.places import Place
from stepwell_lsp.renaming import Refused, Renaming
from stepwell_lsp.snapshot import Snapshot

_NAMES = ("SW101", "SW102")  # a parameter that should have another name
_UNSAID = "SW203"  # a type that is not written

RENAME = "stepwell.rename"
"""A command that a client may have: asks for another name for what stands at a place."""


def code_actions(
    snapshot: Snapshot,
    file: str,
    chosen: types.Range,
    *,
    commands: Collection[str] = (),
) -> list[types.CodeAction]:
    """What can be done in the chosen lines.

    A quick fix for every finding whose rule knows a cure, or whose cure the text gives away; for a
    parameter that no step makes, the step that would, which is a quick fix where the step is
    missed; and for a literal in a step's body, an input in its place.

    Args:
        snapshot: the workspace.
        file: the file that is looked at.
        chosen: what is chosen in it, which may be nothing but a place.
        commands: what the client can be told to do besides.
    """
    actions = []
    for finding in snapshot.findings.get(file, ()):
        place = shown(snapshot, finding, file)
        fix = _whole(snapshot, finding) if _touch(place.range, chosen) else None
        if fix:
            actions.append(
                types.CodeAction(
                    title=fix.title,
                    kind=types.CodeActionKind.QuickFix,
                    diagnostics=[place],
                    is_preferred=fix.safe or None,
                    edit=edit(snapshot, fix),
                )
            )
    missed = {one.span: one for one in snapshot.findings.get(file, ()) if one.code == _NAMES[0]}
    seen: set[Fix] = set()
    lines = chosen.start.line + 1, chosen.end.line + 1
    for read in snapshot.between(file, *lines):
        if read.role != "param" or not _touch(snapshot.range(read.span), chosen):
            continue
        for made in creations(snapshot, read):
            if made not in seen:
                seen.add(made)
                actions.append(_creation(snapshot, made, read, missed.get(read.span)))
    if found := extraction(snapshot, file, chosen):
        actions.append(_extraction(snapshot, file, *found, commands=commands))
    return actions


def _extraction(
    snapshot: Snapshot, file: str, name: str, fix: Fix, *, commands: Collection[str]
) -> types.CodeAction:
    """The edits; then the person is asked for a better name, if the client can do that."""
    command = None
    if RENAME in commands:
        before, _ = fix.edits  # the parameter, whose name stands right before its colon
        start = snapshot.range(before.span).start
        start.character += before.text.index(name)
        command = types.Command("Rename", RENAME, arguments=[snapshot.uri(file), start])
    return types.CodeAction(
        title=fix.title,
        kind=types.CodeActionKind.RefactorExtract,
        edit=edit(snapshot, fix),
        command=command,
    )


def _creation(
    snapshot: Snapshot, fix: Fix, read: Place, missed: Diagnostic | None
) -> types.CodeAction:
    kinds = types.CodeActionKind
    return types.CodeAction(
        title=fix.title,
        kind=kinds.QuickFix if missed else kinds.RefactorRewrite,
        diagnostics=[shown(snapshot, missed, read.span.file)] if missed else None,
        edit=edit(snapshot, fix),
    )


def _whole(snapshot: Snapshot, finding: Diagnostic) -> Fix | None:
    """The cure; of a parameter's name, with the uses in the body that its rule can't know."""
    fix, span = finding.fix, finding.span
    if finding.code == _UNSAID and span and not fix:
        return annotation(snapshot, span)
    if not fix or finding.code not in _NAMES or not span or len(fix.edits) != 1:
        return fix
    written = snapshot.text(span.file).line(span.line)[span.column - 1 : span.end_column - 1]
    try:
        edits: list[Edit] = Renaming(snapshot, written, fix.edits[0].text).parameter(span)
    except Refused:
        return fix
    return Fix(fix.title, tuple(edits), safe=True) if edits else fix


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
