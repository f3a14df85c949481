/** Runs a pipeline in a terminal. This runs the person's code: only in a workspace that is trusted. */

import * as vscode from "vscode";
import { under } from "./graph/cursor";
import type { View } from "./graph/protocol";
import { cure, probe } from "./probe";
import { command, needed } from "./run";
import type { Server } from "./server";

export class Runner {
  constructor(
    private readonly server: Server,
    private readonly memory: vscode.Memento,
  ) {}

  /** Runs all that the pipeline of the file is asked for. */
  async pipeline(): Promise<void> {
    const view = await this.#view();
    if (view !== undefined) {
      await this.#run(view, view.run.targets);
    }
  }

  /** Runs what is needed for one step: that of the name, or the one that the cursor is in. */
  async step(name: unknown): Promise<void> {
    const view = await this.#view();
    const editor = vscode.window.activeTextEditor;
    if (view === undefined) {
      return;
    }
    const isHere = (uri: string) => `${vscode.Uri.parse(uri)}` === `${editor?.document.uri}`;
    const names =
      typeof name === "string" ? [name] : editor && under(view, editor.selection.active, isHere);
    const found = view.nodes.find((node) => node.kind !== "input" && names?.includes(node.name));
    if (found === undefined) {
      void vscode.window.showInformationMessage("Put the cursor into the step that is to be run.");
    } else {
      await this.#run(view, [found.name]);
    }
  }

  async #view(): Promise<View | undefined> {
    const { activeTextEditor, visibleTextEditors } = vscode.window;
    const editor = [activeTextEditor, ...visibleTextEditors].find(
      (each) => each?.document.languageId === "python",
    );
    if (!vscode.workspace.isTrusted) {
      void vscode.window.showWarningMessage(
        "A pipeline is run only in a workspace that you trust.",
      );
      return undefined;
    }
    const uri = `${editor?.document.uri ?? ""}`;
    const params = { textDocument: { uri } };
    const view = editor && (await this.server.ask<View | null>("stepwell/graph", params));
    if (view === undefined || view === null) {
      void vscode.window.showInformationMessage("This file is in no pipeline that is known.");
      return undefined;
    }
    return view;
  }

  async #run(view: View, targets: readonly string[]): Promise<void> {
    const { path } = await this.server.candidate();
    const found = await probe(path);
    if (found.kind !== "server" && found.kind !== "no pygls") {
      void vscode.window.showErrorMessage(cure(found, path).message);
      return;
    }
    const inputs = await this.#inputs(view, targets);
    if (inputs === undefined || !(await vscode.workspace.saveAll(false))) {
      return;
    }
    const record = vscode.workspace.getConfiguration("stepwell").get("recordRuns", true);
    const first = vscode.Uri.file(view.run.files[0] ?? "");
    const folder = vscode.workspace.getWorkspaceFolder(first);
    const task = new vscode.Task(
      { type: "stepwell", target: targets.join(", ") },
      folder ?? vscode.TaskScope.Workspace,
      `run ${targets.join(", ")}`,
      "stepwell",
      new vscode.ProcessExecution(path, command(view, targets, inputs, record), {
        ...(folder && { cwd: folder.uri.fsPath }),
      }),
    );
    task.presentationOptions = { reveal: vscode.TaskRevealKind.Always, clear: true };
    await vscode.tasks.executeTask(task);
  }

  /** Asks for what no step makes; what was given last is there to be taken again. */
  async #inputs(
    view: View,
    targets: readonly string[],
  ): Promise<ReadonlyMap<string, string> | undefined> {
    const wanted = needed(view, targets);
    const given = new Map<string, string>();
    for (const [index, { name, type }] of wanted.entries()) {
      const key = `input ${view.pipeline} ${name}`;
      const value = await vscode.window.showInputBox({
        title: `stepwell run ${targets.join(", ")} (${index + 1}/${wanted.length})`,
        prompt: `${name}${type && `: ${type}`}. @file is what that file holds.`,
        value: this.memory.get(key, ""),
        ignoreFocusOut: true,
      });
      if (value === undefined) {
        return undefined;
      }
      await this.memory.update(key, value);
      given.set(name, value);
    }
    return given;
  }
}
