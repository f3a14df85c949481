/** The graph beside the editor: asks the server for it, follows the cursor, goes where the person clicks. */

import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import { Queue } from "../queue";
import type { Server } from "../server";
import { under } from "./cursor";
import { page } from "./page";
import type { FromView, ToView, View } from "./protocol";

const TYPE = "stepwell.graph";
const METHOD = "stepwell/graph";

const NOTHING =
  "This file is in no pipeline. It is part of one when a Driver is built of it, when " +
  "pyproject.toml names it under [tool.stepwell.pipelines], or when it uses stepwell's modifiers.";

export class GraphPanel implements vscode.Disposable, vscode.WebviewPanelSerializer {
  readonly #queue = new Queue(() => this.#ask());
  readonly #lasting: vscode.Disposable;
  #panel: vscode.WebviewPanel | undefined;
  #editor: vscode.TextEditor | undefined;
  #view: View | undefined;
  #pipeline: string | undefined;
  #asked = -1;

  constructor(
    private readonly extension: vscode.Uri,
    private readonly server: Server,
  ) {
    this.#lasting = vscode.Disposable.from(
      vscode.window.registerWebviewPanelSerializer(TYPE, this),
      vscode.window.onDidChangeActiveTextEditor((editor) => this.#moved(editor)),
      vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => this.#moved(textEditor)),
      server.onGraph(() => void this.#queue.ask()),
    );
  }

  /** Opens the view beside the editor, or brings it to the front. */
  show(): void {
    this.#editor = python(vscode.window.activeTextEditor) ?? this.#editor;
    if (this.#panel !== undefined) {
      this.#panel.reveal(undefined, true);
      void this.#queue.ask();
      return;
    }
    const column = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
    this.#take(vscode.window.createWebviewPanel(TYPE, "Pipeline", column, {}));
  }

  /** Takes over a view that was open when the window was closed. */
  async deserializeWebviewPanel(panel: vscode.WebviewPanel): Promise<void> {
    this.#editor =
      python(vscode.window.activeTextEditor) ?? vscode.window.visibleTextEditors.find(python);
    this.#take(panel);
  }

  dispose(): void {
    this.#panel?.dispose();
    this.#lasting.dispose();
  }

  #take(panel: vscode.WebviewPanel): void {
    this.#panel = panel;
    const out = vscode.Uri.joinPath(this.extension, "out", "view");
    const { webview } = panel;
    webview.options = { enableScripts: true, localResourceRoots: [out] };
    webview.onDidReceiveMessage((message: FromView) => this.#heard(message));
    panel.onDidDispose(() => {
      this.#panel = undefined;
      this.#view = undefined;
    });
    panel.iconPath = vscode.Uri.joinPath(this.extension, "media", "icon.png");
    webview.html = page({
      nonce: randomBytes(18).toString("base64url"),
      origin: webview.cspSource,
      script: `${webview.asWebviewUri(vscode.Uri.joinPath(out, "main.js"))}`,
      style: `${webview.asWebviewUri(vscode.Uri.joinPath(out, "style.css"))}`,
    });
  }

  #tell(message: ToView): void {
    void this.#panel?.webview.postMessage(message);
  }

  async #ask(): Promise<void> {
    const editor = this.#editor;
    if (this.#panel === undefined || editor === undefined) {
      this.#tell({ kind: "note", text: "Open a Python file of a pipeline." });
      return;
    }
    const { line, character } = editor.selection.active;
    const params = {
      textDocument: { uri: `${editor.document.uri}` },
      pipeline: this.#pipeline,
      position: { line, character },
    };
    const view = await this.server.ask<View | null>(METHOD, params);
    if (view === undefined) {
      const text = "The server does not run, or is too old; “stepwell: Show Output” says why.";
      this.#tell({ kind: "note", text });
    } else if (view === null) {
      this.#tell({ kind: "note", text: NOTHING });
    } else if (this.#panel !== undefined) {
      this.#view = view;
      this.#pipeline = view.pipeline;
      this.#panel.title = `Pipeline ${view.pipeline}`;
      this.#tell({ kind: "graph", view });
      this.#follow();
    }
  }

  #moved(editor: vscode.TextEditor | undefined): void {
    if (this.#panel === undefined || python(editor) === undefined) {
      return;
    }
    const isOther = editor?.document !== this.#editor?.document;
    this.#editor = editor;
    if (isOther) {
      void this.#queue.ask();
    } else {
      this.#follow();
    }
  }

  #follow(): void {
    const editor = this.#editor;
    const settings = vscode.workspace.getConfiguration("stepwell");
    if (editor === undefined || this.#view === undefined || !settings.get("graph.follow", true)) {
      return;
    }
    const here = `${editor.document.uri}`;
    const isHere = (uri: string) => `${vscode.Uri.parse(uri)}` === here;
    const names = under(this.#view, editor.selection.active, isHere);
    this.#tell({ kind: "cursor", names });
    const { line } = editor.selection.active;
    if (names.length === 0 && this.#view.total > this.#view.nodes.length && line !== this.#asked) {
      this.#asked = line; // once for a place: there may be no step there
      void this.#queue.ask();
    }
  }

  #heard(message: FromView): void {
    switch (message.kind) {
      case "ready":
        void this.#queue.ask();
        break;
      case "open":
        void this.#open(message.name);
        break;
      case "pipeline":
        this.#pipeline = message.name;
        void this.#queue.ask();
        break;
      case "rule":
        void vscode.commands.executeCommand("stepwell.explainRule", message.code);
        break;
      case "run":
        void vscode.commands.executeCommand("stepwell.runStep", message.name);
        break;
      case "lastRun":
        void vscode.commands.executeCommand(
          "stepwell.openLastRun",
          `${this.#editor?.document.uri ?? ""}`,
          this.#pipeline,
        );
        break;
      case "save":
        void this.#save(message.svg);
        break;
    }
  }

  /** Goes to where a vertex is written. The view says its name alone; the place is the server's. */
  async #open(name: string): Promise<void> {
    const place = this.#view?.nodes.find((node) => node.name === name)?.places[0];
    if (place === undefined) {
      return;
    }
    const { start, end } = place.name;
    const uri = vscode.Uri.parse(place.uri);
    const open = vscode.window.visibleTextEditors.find(
      ({ document }) => `${document.uri}` === `${uri}`,
    );
    const column = open?.viewColumn ?? this.#editor?.viewColumn ?? vscode.ViewColumn.One;
    await vscode.window.showTextDocument(uri, {
      viewColumn: column,
      selection: new vscode.Range(start.line, start.character, end.line, end.character),
    });
  }

  async #save(svg: string): Promise<void> {
    const name = `${(this.#view?.pipeline ?? "pipeline").replace(/[^\w.-]+/g, "-")}.svg`;
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    const chosen = await vscode.window.showSaveDialog({
      filters: { SVG: ["svg"] },
      ...(folder && { defaultUri: vscode.Uri.joinPath(folder, name) }),
    });
    if (chosen !== undefined) {
      await vscode.workspace.fs.writeFile(chosen, new TextEncoder().encode(svg));
    }
  }
}

function python(editor: vscode.TextEditor | undefined): vscode.TextEditor | undefined {
  return editor?.document.languageId === "python" ? editor : undefined;
}
