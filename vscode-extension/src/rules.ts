/** The rules' pages: as a preview beside the text, from the list, and from a finding's light bulb. */

import * as vscode from "vscode";
import type { Server } from "./server";

const SCHEME = "stepwell-rule";

interface Page {
  readonly code: string;
  readonly name: string;
  readonly severity: string;
  readonly summary: string;
  readonly page: string;
}

export class Rules implements vscode.TextDocumentContentProvider, vscode.CodeActionProvider {
  readonly #pages = new Map<string, Page>();

  constructor(private readonly server: Server) {}

  register(): vscode.Disposable {
    return vscode.Disposable.from(
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.languages.registerCodeActionsProvider({ language: "python" }, this),
      vscode.commands.registerCommand("stepwell.explainRule", (code) => this.explain(code)),
    );
  }

  /** Shows the page of a rule; without a code the person chooses one. */
  async explain(code: unknown): Promise<void> {
    const pages = (await this.server.ask<readonly Page[]>("stepwell/rules", null)) ?? [];
    for (const page of pages) {
      this.#pages.set(page.code, page);
    }
    if (pages.length === 0) {
      void vscode.window.showInformationMessage(
        "The stepwell server that tells them does not run.",
      );
      return;
    }
    const chosen = typeof code === "string" ? code : await this.#choose(pages);
    if (chosen !== undefined && this.#pages.has(chosen)) {
      const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${chosen}.md` });
      await vscode.commands.executeCommand("markdown.showPreviewToSide", uri);
    }
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#pages.get(uri.path.slice(1, -".md".length))?.page ?? "";
  }

  provideCodeActions(
    _document: vscode.TextDocument,
    _range: vscode.Range,
    { diagnostics }: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    const codes = diagnostics
      .filter(({ source }) => source === "stepwell")
      .map(({ code }) => `${typeof code === "object" ? code.value : code}`);
    return [...new Set(codes)].map((code) => {
      const action = new vscode.CodeAction(`Explain ${code}`, vscode.CodeActionKind.QuickFix);
      action.command = { command: "stepwell.explainRule", title: action.title, arguments: [code] };
      return action;
    });
  }

  async #choose(pages: readonly Page[]): Promise<string | undefined> {
    const items = pages.map(({ code, name, severity, summary }) => ({
      label: code,
      description: `${name} · ${severity}`,
      detail: summary,
    }));
    const options = { placeHolder: "Which rule?", matchOnDescription: true, matchOnDetail: true };
    return (await vscode.window.showQuickPick(items, options))?.label;
  }
}
