/** Moves files over from Hamilton: what would change is shown as a refactoring, to be taken or left. */

import { execFile } from "node:child_process";
import { dirname, join, relative } from "node:path";
import * as vscode from "vscode";
import { type Change, command, type Migration, migration } from "./migration";
import { cure, probe } from "./probe";
import type { Server } from "./server";

/** Shows what `stepwell migrate` would change in a file or folder; asks which, if none is given. */
export async function migrate(server: Server, given: unknown): Promise<void> {
  const target = given instanceof vscode.Uri ? given : await choose();
  if (target === undefined) {
    return;
  }
  const { path } = await server.candidate();
  const found = await probe(path);
  if (found.kind !== "server" && found.kind !== "no pygls") {
    void vscode.window.showErrorMessage(cure(found, path).message);
    return;
  }
  if (!(await vscode.workspace.saveAll(false))) {
    return;
  }
  const folder = vscode.workspace.getWorkspaceFolder(target)?.uri.fsPath ?? dirname(target.fsPath);
  const said = await ask(path, relative(folder, target.fsPath) || ".", folder);
  if (typeof said === "string") {
    void vscode.window.showErrorMessage(`stepwell migrate: ${said}`);
    return;
  }
  for (const gap of said.gaps) {
    server.say(gap);
  }
  await propose(said, folder);
  await tellGaps(server, said);
}

/** A file that is open, or a folder of the workspace. */
async function choose(): Promise<vscode.Uri | undefined> {
  const { activeTextEditor } = vscode.window;
  const file =
    activeTextEditor?.document.languageId === "python" ? activeTextEditor.document.uri : undefined;
  const items = [
    ...(file ? [{ label: vscode.workspace.asRelativePath(file), uri: file }] : []),
    ...(vscode.workspace.workspaceFolders ?? []).map(({ name, uri }) => ({
      label: name,
      description: "all of the folder",
      uri,
    })),
  ];
  const placeHolder = "What is to be moved over from Hamilton?";
  return (await vscode.window.showQuickPick(items, { placeHolder }))?.uri;
}

function ask(python: string, path: string, cwd: string): Promise<Migration | string> {
  return new Promise((resolve) => {
    execFile(python, command(path), { maxBuffer: 64 * 2 ** 20, cwd }, (error, stdout, stderr) => {
      // 1 says that something has no counterpart.
      const failed = error !== null && error.code !== 1;
      resolve(failed ? stderr.trim() || error.message : migration(stdout));
    });
  });
}

/** The changes as VS Code previews a refactoring: those that are ticked are made. */
async function propose({ files }: Migration, folder: string): Promise<void> {
  const edit = new vscode.WorkspaceEdit();
  const label = "Move over from Hamilton";
  const metadata = { needsConfirmation: true, label };
  let notebooks = 0;
  for (const [path, changes] of files) {
    const uri = vscode.Uri.file(join(folder, path));
    if (path.endsWith(".ipynb")) {
      notebooks += 1;
      continue;
    }
    for (const change of changes) {
      edit.replace(uri, range(change), text(change), metadata);
    }
  }
  if (notebooks > 0) {
    void vscode.window.showInformationMessage(
      `${notebooks} notebook${notebooks > 1 ? "s" : ""}: \`stepwell migrate --write\` moves them over.`,
    );
  }
  if (edit.size > 0) {
    await vscode.workspace.applyEdit(edit, { isRefactoring: true });
  } else if (notebooks === 0) {
    void vscode.window.showInformationMessage("Nothing there imports Hamilton.");
  }
}

async function tellGaps(server: Server, { gaps }: Migration): Promise<void> {
  if (gaps.length === 0) {
    return;
  }
  const things = gaps.length === 1 ? "One thing has" : `${gaps.length} things have`;
  const show = "Show Them";
  const message = `${things} no counterpart in stepwell.`;
  if ((await vscode.window.showWarningMessage(message, show)) === show) {
    server.showOutput();
  }
}

function range({ start, end }: Change): vscode.Range {
  return new vscode.Range(start, 0, end, 0);
}

function text({ lines }: Change): string {
  return lines.map((line) => `${line}\n`).join("");
}
