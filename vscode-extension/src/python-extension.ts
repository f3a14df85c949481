/** What is used of the Python extension's interface. It need not be installed. */

import * as vscode from "vscode";

const ID = "ms-python.python";

interface PythonExtension {
  readonly environments: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { readonly path: string };
    resolveEnvironment(environment: {
      readonly path: string;
    }): Promise<{ readonly executable: { readonly uri?: vscode.Uri } } | undefined>;
    readonly onDidChangeActiveEnvironmentPath: vscode.Event<unknown>;
  };
}

/** The interface, once the extension is ready; `undefined` where it is not installed. */
async function api(): Promise<PythonExtension | undefined> {
  const extension = vscode.extensions.getExtension<PythonExtension>(ID);
  return extension && ((await extension.activate()) ?? extension.exports);
}

/** The path of the Python chosen for a folder. */
export async function chosen(resource: vscode.Uri | undefined): Promise<string | undefined> {
  const python = await api();
  if (python?.environments === undefined) {
    return undefined;
  }
  const active = python.environments.getActiveEnvironmentPath(resource);
  const resolved = await python.environments.resolveEnvironment(active);
  return resolved?.executable.uri?.fsPath;
}

/** Calls back whenever another Python is chosen. */
export async function onChoice(callback: () => void): Promise<vscode.Disposable | undefined> {
  const python = await api();
  return python?.environments?.onDidChangeActiveEnvironmentPath(callback);
}

/** Opens the Python extension's list to choose from; says whether there is one. */
export async function choose(): Promise<boolean> {
  if (vscode.extensions.getExtension(ID) === undefined) {
    return false;
  }
  await vscode.commands.executeCommand("python.setInterpreter");
  return true;
}
