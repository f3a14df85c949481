/** Whether a workspace has anything to do with stepwell. */

import * as vscode from "vscode";

/** By what is open, else by what the projects of the workspace say. */
export async function isWanted(): Promise<boolean> {
  if (vscode.workspace.textDocuments.some(says)) {
    return true;
  }
  const projects = await vscode.workspace.findFiles("**/pyproject.toml", "**/.venv/**", 20);
  for (const uri of projects) {
    const content = new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
    if (/\bstepwell\b/.test(content)) {
      return true;
    }
  }
  return false;
}

/** Shows what is in menus (`stepwell.used`) as soon as the workspace turns out to use stepwell. */
export function watch(): vscode.Disposable {
  let known = false;
  const found = () => {
    known = true;
    void vscode.commands.executeCommand("setContext", "stepwell.used", true);
  };
  void isWanted().then((is) => is && found());
  const seen = (document: vscode.TextDocument) => {
    if (!known && says(document)) {
      found();
    }
  };
  return vscode.Disposable.from(
    vscode.workspace.onDidOpenTextDocument(seen),
    vscode.workspace.onDidSaveTextDocument(seen),
  );
}

function says(document: vscode.TextDocument): boolean {
  const text = document.languageId === "python" ? document.getText() : "";
  return /^\s*(from|import)\s+stepwell\b/m.test(text);
}
