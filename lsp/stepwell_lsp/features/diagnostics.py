"""What the rules found, in the words of the protocol."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from hashlib import blake2b

from lsprotocol import types

from stepwell.diagnostic import Diagnostic
from stepwell.spec import Span
from stepwell_lsp.links import link
from stepwell_lsp.snapshot import Snapshot

SOURCE = "stepwell"
_SEVERITY = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "hint": types.DiagnosticSeverity.Hint,
}


def diagnostics(snapshot: Snapshot, file: str) -> list[types.Diagnostic]:
    """Everything that is wrong in this file, in the order of its lines."""
    found = snapshot.findings.get(file, ())
    return [shown(snapshot, diagnostic, file) for diagnostic in found]


def report(
    snapshot: Snapshot, file: str, previous: str | None = None
) -> types.RelatedFullDocumentDiagnosticReport | types.RelatedUnchangedDocumentDiagnosticReport:
    """The same for a client that asks; without the list where it is the `previous` one."""
    found = diagnostics(snapshot, file)
    name = blake2b(repr(found).encode(), digest_size=8).hexdigest()
    if name == previous:
        return types.RelatedUnchangedDocumentDiagnosticReport(result_id=name)
    return types.RelatedFullDocumentDiagnosticReport(items=found, result_id=name)


def workspace_reports(
    snapshot: Snapshot, known: Mapping[str, str], open: Collection[str] = ()
) -> list[types.WorkspaceDocumentDiagnosticReport]:
    """The same for the files that are not open, as far as they are not as `known`.

    Args:
        snapshot: the workspace.
        known: what the client was told last: the answer's name, by URI.
        open: the URIs of its buffers, which it asks about one by one.
    """
    reports: list[types.WorkspaceDocumentDiagnosticReport] = []
    uris = {snapshot.uri(file): file for file in snapshot.findings}
    for uri, file in uris.items():
        found = report(snapshot, file, known.get(uri))
        if isinstance(found, types.RelatedUnchangedDocumentDiagnosticReport) or uri in open:
            continue
        if found.items or uri in known:
            reports.append(
                types.WorkspaceFullDocumentDiagnosticReport(
                    uri=uri, items=found.items, result_id=found.result_id, version=None
                )
            )
    for uri in known.keys() - uris.keys() - {*open}:  # a file that is gone, or in no pipeline now
        name = report(snapshot, "").result_id
        if known[uri] != name:
            reports.append(
                types.WorkspaceFullDocumentDiagnosticReport(
                    uri=uri, items=[], result_id=name, version=None
                )
            )
    return reports


def shown(snapshot: Snapshot, diagnostic: Diagnostic, file: str) -> types.Diagnostic:
    """One finding as the client wants it; one that has no place stands at the top of its file."""
    return types.Diagnostic(
        range=snapshot.range(diagnostic.span or Span(file, 1, 1, 1, 1)),
        message=diagnostic.message,
        severity=_SEVERITY[diagnostic.severity],
        code=diagnostic.code,
        code_description=types.CodeDescription(page) if (page := link(diagnostic.code)) else None,
        source=SOURCE,
        tags=[types.DiagnosticTag.Unnecessary] if diagnostic.severity == "hint" else None,
        related_information=[
            types.DiagnosticRelatedInformation(snapshot.location(span), word)
            for span, word in diagnostic.related
        ]
        or None,
    )
