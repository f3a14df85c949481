/** The server's life: which Python it gets, its start, its end, and what the person is told of it. */

import { existsSync } from "node:fs";
import { homedir } from "node:os";
import * as vscode from "vscode";
import {
  LanguageClient,
  type LanguageClientOptions,
  type ServerOptions,
  TransportKind,
} from "vscode-languageclient/node";
import { type Candidate, interpreter } from "./interpreter";
import { cure, type Found, probe } from "./probe";
import * as python from "./python-extension";
import { Queue } from "./queue";
import { Status } from "./status";

export class Server implements vscode.Disposable {
  readonly #output = vscode.window.createOutputChannel("stepwell", { log: true });
  readonly #trace = vscode.window.createOutputChannel("stepwell trace", { log: true });
  readonly #status = new Status();
  readonly #queue = new Queue(() => this.#replace());
  #client: LanguageClient | undefined;
  #told = "";

  /** Starts the server, or ends the one that runs and starts another. */
  restart(): Promise<void> {
    return this.#queue.ask();
  }

  showOutput(): void {
    this.#output.show();
  }

  async stop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    // A server that does not end by itself within the time is ended by the client.
    await client?.stop(2_000).catch((error) => this.#output.warn(String(error)));
  }

  dispose(): void {
    void this.stop();
    this.#status.dispose();
    this.#output.dispose();
    this.#trace.dispose();
  }

  async #replace(): Promise<void> {
    await this.stop();
    const settings = vscode.workspace.getConfiguration("stepwell");
    if (!settings.get("enable", true)) {
      this.#status.off("switched off by the setting stepwell.enable");
      return;
    }
    const candidate = await this.#candidate(settings);
    this.#output.info(`Python of the ${candidate.origin}: ${candidate.path}`);
    this.#status.starting(candidate.path);
    const found = await probe(candidate.path);
    if (found.kind !== "server") {
      await this.#missing(found, candidate);
      return;
    }
    this.#output.info(`stepwell ${found.version} on Python ${found.python}`);
    const extra = settings.get<string[]>("server.arguments", []);
    this.#client = this.#made(candidate.path, extra);
    try {
      await this.#client.start();
      this.#status.running(found.version, candidate.path);
    } catch (error) {
      this.#output.error(String(error));
      this.#status.failed(String(error));
      this.#client = undefined;
    }
  }

  async #candidate(settings: vscode.WorkspaceConfiguration): Promise<Candidate> {
    const folders = vscode.workspace.workspaceFolders ?? [];
    return interpreter({
      setting: settings.get("interpreter", ""),
      chosen: await this.#chosen(folders[0]?.uri),
      folders: folders.map((folder) => folder.uri.fsPath),
      trusted: vscode.workspace.isTrusted,
      platform: process.platform,
      home: homedir(),
      environment: process.env,
      exists: existsSync,
    });
  }

  async #chosen(folder: vscode.Uri | undefined): Promise<string | undefined> {
    try {
      return await python.chosen(folder);
    } catch (error) {
      this.#output.warn(`The Python extension did not say what it has chosen: ${error}`);
      return undefined;
    }
  }

  #made(path: string, extra: string[]): LanguageClient {
    const server: ServerOptions = {
      command: path,
      // -E -P: no variable of the shell, and no file of the workspace, decides what is imported.
      args: ["-E", "-P", "-m", "stepwell_lsp", ...extra],
      transport: TransportKind.stdio,
    };
    const client: LanguageClientOptions = {
      documentSelector: ["file", "untitled"].map((scheme) => ({ scheme, language: "python" })),
      outputChannel: this.#output,
      traceOutputChannel: this.#trace,
    };
    return new LanguageClient("stepwell", "stepwell", server, client);
  }

  /** Tells what is missing once, and only where stepwell is used: others have no need of it. */
  async #missing(found: Found, candidate: Candidate): Promise<void> {
    const { message, command } = cure(found, candidate.path);
    this.#output.warn(message);
    this.#status.missing(message);
    if (this.#told === message || !(await isWanted())) {
      return;
    }
    this.#told = message;
    const install = "Open Terminal with the Command";
    const select = "Select Interpreter";
    const choices = command === undefined ? [select] : [install, select];
    // Not awaited: a message that nobody answers must not hold up the next start.
    void vscode.window.showWarningMessage(message, ...choices).then((answer) => {
      if (answer === install && command !== undefined) {
        const terminal = vscode.window.createTerminal("stepwell");
        terminal.show();
        terminal.sendText(command, false);
      } else if (answer === select) {
        void vscode.commands.executeCommand("stepwell.selectInterpreter");
      }
    });
  }
}

/** Whether this workspace has anything to do with stepwell. */
async function isWanted(): Promise<boolean> {
  const open = vscode.workspace.textDocuments.filter((text) => text.languageId === "python");
  if (open.some((text) => /^\s*(from|import)\s+stepwell\b/m.test(text.getText()))) {
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
