/** What VS Code calls: it wires commands and changes of the settings to the server. */

import * as vscode from "vscode";
import * as python from "./python-extension";
import { Server } from "./server";

let server: Server | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const started = new Server();
  server = started;
  const restart = () => void started.restart();
  context.subscriptions.push(
    started,
    vscode.commands.registerCommand("stepwell.restart", () => started.restart()),
    vscode.commands.registerCommand("stepwell.showOutput", () => started.showOutput()),
    vscode.commands.registerCommand("stepwell.selectInterpreter", selectInterpreter),
    vscode.workspace.onDidChangeConfiguration((change) => {
      const settings = ["stepwell.enable", "stepwell.interpreter", "stepwell.server.arguments"];
      if (settings.some((name) => change.affectsConfiguration(name))) {
        restart();
      }
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
  );
  await started.restart();
  const choice = await python.onChoice(restart);
  if (choice !== undefined) {
    context.subscriptions.push(choice);
  }
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}

/** The Python extension's list where there is one, else the setting. */
async function selectInterpreter(): Promise<void> {
  const setting = vscode.workspace.getConfiguration("stepwell").get("interpreter", "");
  if (setting !== "" || !(await python.choose())) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "stepwell.interpreter");
  }
}
