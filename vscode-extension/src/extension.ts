/** What VS Code calls: it wires commands and changes of the settings to what does them. */

import * as vscode from "vscode";
import { example } from "./example";
import { GraphPanel } from "./graph/panel";
import { LastRuns } from "./last-run";
import { migrate } from "./migrating";
import * as python from "./python-extension";
import * as references from "./references";
import { Rules } from "./rules";
import { Runner } from "./running";
import { SETTINGS, Server } from "./server";
import { watch } from "./wanted";

let server: Server | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const started = new Server(context.extension);
  server = started;
  const restart = () => void started.restart();
  const graph = new GraphPanel(context.extensionUri, started);
  const runner = new Runner(started, context.workspaceState);
  const { registerCommand } = vscode.commands;
  context.subscriptions.push(
    started,
    graph,
    watch(),
    new Rules(started).register(),
    new LastRuns(started).register(),
    references.register(),
    registerCommand("stepwell.showGraph", () => graph.show()),
    registerCommand("stepwell.example", example),
    registerCommand("stepwell.runPipeline", () => runner.pipeline()),
    registerCommand("stepwell.runStep", (name) => runner.step(name)),
    registerCommand("stepwell.migrate", (uri) => migrate(started, uri)),
    registerCommand("stepwell.restart", () => started.restart()),
    registerCommand("stepwell.showOutput", () => started.showOutput()),
    registerCommand("stepwell.selectInterpreter", selectInterpreter),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (SETTINGS.some((name) => change.affectsConfiguration(`stepwell.${name}`))) {
        restart();
      } else if (change.affectsConfiguration("stepwell.types")) {
        void started.configure();
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
