/** The last run of a pipeline as a page: what each of its steps did. It runs nothing. */

import * as vscode from "vscode";
import type { Server } from "./server";

const SCHEME = "stepwell-run";

interface Page {
  readonly id: string;
  readonly text: string;
}

export class LastRuns implements vscode.TextDocumentContentProvider {
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #open = new Set<string>();
  readonly onDidChange = this.#changed.event;

  constructor(private readonly server: Server) {}

  register(): vscode.Disposable {
    return vscode.Disposable.from(
      this.#changed,
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#open.delete(`${uri}`)),
      vscode.commands.registerCommand("stepwell.openLastRun", (uri, pipeline) =>
        this.show(uri, pipeline),
      ),
      this.server.onGraph(() => this.#refresh()),
    );
  }

  /** Shows the last run of a file's pipeline: of the one in the editor, if none is named. */
  async show(file: unknown, pipeline: unknown): Promise<void> {
    const { activeTextEditor, visibleTextEditors } = vscode.window;
    const editor = [activeTextEditor, ...visibleTextEditors].find(
      (each) => each?.document.languageId === "python",
    );
    const asked = {
      uri: typeof file === "string" && file !== "" ? file : `${editor?.document.uri ?? ""}`,
      pipeline: typeof pipeline === "string" ? pipeline : undefined,
    };
    const page = await this.#ask(asked);
    if (page === undefined || page === null) {
      void vscode.window.showInformationMessage(
        "No run of this pipeline is recorded. “stepwell run --store” records one, and so does an adapter RunStore().",
      );
      return;
    }
    const query = JSON.stringify(asked);
    const uri = vscode.Uri.from({ scheme: SCHEME, path: "/Last run.md", query });
    this.#open.add(`${uri}`);
    this.#changed.fire(uri);
    await vscode.commands.executeCommand("markdown.showPreviewToSide", uri);
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const page = await this.#ask(JSON.parse(uri.query) as Asked);
    return page?.text ?? "No run of this pipeline is recorded any more.";
  }

  #ask({ uri, pipeline }: Asked): Promise<Page | null | undefined> {
    const params = { textDocument: { uri }, ...(pipeline !== undefined && { pipeline }) };
    return this.server.ask<Page | null>("stepwell/lastRun", params);
  }

  #refresh(): void {
    for (const uri of this.#open) {
      this.#changed.fire(vscode.Uri.parse(uri));
    }
  }
}

interface Asked {
  readonly uri: string;
  readonly pipeline: string | undefined;
}
