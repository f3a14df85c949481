/** The server's life: which one is started and with which Python, its end, and what the person is told. */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import * as vscode from "vscode";
import {
  LanguageClient,
  type LanguageClientOptions,
  type ServerOptions,
  State,
  TransportKind,
} from "vscode-languageclient/node";
import { choice, type Start, type Strategy } from "./choice";
import { type Candidate, filledIn, interpreter, type Surroundings } from "./interpreter";
import { cure, type Found, probe } from "./probe";
import * as python from "./python-extension";
import { Queue } from "./queue";
import { namedCommands } from "./references";
import { Status } from "./status";
import { mismatch } from "./versions";
import { isWanted } from "./wanted";

/** The settings after a change of which the server is started anew. */
export const SETTINGS = ["enable", "importStrategy", "interpreter", "path", "server.arguments"];

export class Server implements vscode.Disposable {
  readonly #output = vscode.window.createOutputChannel("stepwell", { log: true });
  readonly #trace = vscode.window.createOutputChannel("stepwell trace", { log: true });
  readonly #status = new Status();
  readonly #queue = new Queue(() => this.#replace());
  readonly #graph = new vscode.EventEmitter<void>();
  readonly #told = new Set<string>();
  readonly #version: string;
  readonly #bundled: string | undefined;
  #client: LanguageClient | undefined;

  /** Graphs may be other ones now. */
  readonly onGraph = this.#graph.event;

  constructor(extension: vscode.Extension<unknown>) {
    this.#version = extension.packageJSON.version;
    const bundled = join(extension.extensionPath, "bundled");
    const isFilled = existsSync(join(bundled, "libs", "stepwell_lsp"));
    this.#bundled = isFilled ? join(bundled, "server.py") : undefined;
  }

  /** Starts the server, or ends the one that runs and starts another. */
  restart(): Promise<void> {
    return this.#queue.ask();
  }

  showOutput(): void {
    this.#output.show();
  }

  /** Writes a line into the output. */
  say(line: string): void {
    this.#output.info(line);
  }

  /** Tells the server that runs what it can be told without a new start. */
  async configure(): Promise<void> {
    const settings = { stepwell: serverSettings() };
    await this.#client?.sendNotification("workspace/didChangeConfiguration", { settings });
  }

  /** The answer to one of stepwell's own requests; `undefined` where there is no server that knows it. */
  async ask<Answer>(method: string, params: unknown): Promise<Answer | undefined> {
    try {
      return await this.#client?.sendRequest<Answer>(method, params);
    } catch (error) {
      this.#output.warn(`${method}: ${error}`);
      return undefined;
    }
  }

  /** The Python of this workspace. */
  async candidate(): Promise<Candidate> {
    return interpreter(await this.#surroundings());
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
    this.#graph.dispose();
  }

  async #replace(): Promise<void> {
    await this.stop();
    const settings = vscode.workspace.getConfiguration("stepwell");
    if (!settings.get("enable", true)) {
      this.#status.off("switched off by the setting stepwell.enable");
      return;
    }
    const start = await this.#start(settings);
    if (start === undefined) {
      return;
    }
    const extra = settings.get<string[]>("server.arguments", []);
    this.#output.info(`Starting ${[start.command, ...start.args, ...extra].join(" ")}`);
    const client = this.#made(start, extra);
    this.#client = client;
    client.onDidChangeState(({ newState }) => {
      // Also after the client has started anew a server that died; four times in three minutes.
      if (newState === State.Running && client === this.#client) {
        this.#running(client.initializeResult?.serverInfo?.version ?? "?", start);
      } else if (newState === State.Stopped && client === this.#client) {
        this.#status.failed("it ended; the output says more");
      }
    });
    await client.start().catch((error) => {
      this.#output.error(String(error));
      this.#status.failed(String(error));
    });
  }

  /** What to start; where there is nothing, the person is told what is missing. */
  async #start(settings: vscode.WorkspaceConfiguration): Promise<Start | undefined> {
    const around = await this.#surroundings();
    const path = settings.get("path", "").trim();
    if (path !== "") {
      return this.#given(filledIn(path, around));
    }
    const strategy = settings.get<Strategy>("importStrategy", "fromEnvironment");
    const own = interpreter(around);
    // The bundled server runs with any Python: where the workspace's is none, with the PATH's.
    const other = interpreter({ ...around, setting: "", trusted: false });
    let missing: { found: Found; path: string } | undefined;
    for (const { path: python, origin } of own.path === other.path ? [own] : [own, other]) {
      this.#output.info(`Python of the ${origin}: ${python}`);
      this.#status.starting(python);
      const found = await probe(python);
      const start = choice({ strategy, python, found, bundled: this.#bundled });
      if (start !== undefined) {
        return start;
      }
      missing ??= { found, path: python };
    }
    if (missing !== undefined) {
      await this.#missing(missing.found, missing.path);
    }
    return undefined;
  }

  /** The program of the setting `stepwell.path`, if it runs. */
  async #given(path: string): Promise<Start | undefined> {
    try {
      await promisify(execFile)(path, ["--version"], { timeout: 20_000, cwd: __dirname });
      return { origin: "path", command: path, args: [] };
    } catch (error) {
      const message = `\`${path}\` of the setting stepwell.path can't be run: ${error}`;
      this.#output.error(message);
      this.#status.failed(message);
      void vscode.window.showErrorMessage(message);
      return undefined;
    }
  }

  async #surroundings(): Promise<Surroundings> {
    const folders = vscode.workspace.workspaceFolders ?? [];
    return {
      setting: vscode.workspace.getConfiguration("stepwell").get("interpreter", ""),
      chosen: await this.#chosen(folders[0]?.uri),
      folders: folders.map((folder) => folder.uri.fsPath),
      trusted: vscode.workspace.isTrusted,
      platform: process.platform,
      home: homedir(),
      environment: process.env,
      exists: existsSync,
    };
  }

  async #chosen(folder: vscode.Uri | undefined): Promise<string | undefined> {
    try {
      return await python.chosen(folder);
    } catch (error) {
      this.#output.warn(`The Python extension did not say what it has chosen: ${error}`);
      return undefined;
    }
  }

  #made(start: Start, extra: string[]): LanguageClient {
    const server: ServerOptions = {
      command: start.command,
      args: [...start.args, ...extra],
      transport: TransportKind.stdio,
    };
    const options: LanguageClientOptions = {
      documentSelector: [
        ...["file", "untitled"].map((scheme) => ({ scheme, language: "python" })),
        { notebook: "*", language: "python" },
      ],
      outputChannel: this.#output,
      traceOutputChannel: this.#trace,
      initializationOptions: serverSettings,
    };
    const client = new LanguageClient("stepwell", "stepwell", server, options);
    client.registerFeature(namedCommands);
    client.onNotification("stepwell/graphChanged", () => this.#graph.fire());
    return client;
  }

  #running(version: string, { command, origin }: Start): void {
    this.#output.info(`The server runs: stepwell ${version}`);
    const told = mismatch(version, this.#version);
    this.#status.running(version, command, origin, told);
    if (told !== undefined) {
      this.#tell(told, "Use the Bundled Server", () =>
        vscode.workspace
          .getConfiguration("stepwell")
          .update("importStrategy", "useBundled", vscode.ConfigurationTarget.Workspace),
      );
    }
    this.#graph.fire();
  }

  /** Tells what is missing, and only where stepwell is used: others have no need of it. */
  async #missing(found: Found, path: string): Promise<void> {
    const { message, command } = cure(found, path);
    this.#output.warn(message);
    this.#status.missing(message);
    if (!(await isWanted())) {
      return;
    }
    if (command === undefined) {
      this.#tell(message, "Select Interpreter", () =>
        vscode.commands.executeCommand("stepwell.selectInterpreter"),
      );
    } else {
      this.#tell(message, "Open Terminal with the Command", () => {
        const terminal = vscode.window.createTerminal("stepwell");
        terminal.show();
        terminal.sendText(command, false);
      });
    }
  }

  /** Says something once. Not awaited: what nobody answers must not hold up the next start. */
  #tell(message: string, choice: string, chosen: () => unknown): void {
    if (this.#told.has(message)) {
      return;
    }
    this.#told.add(message);
    void vscode.window.showWarningMessage(message, choice).then((answer) => {
      if (answer === choice) {
        void chosen();
      }
    });
  }
}

/** What the server is told of the settings. A type checker may run code of the project's. */
function serverSettings(): { types: string } {
  const settings = vscode.workspace.getConfiguration("stepwell");
  return { types: vscode.workspace.isTrusted ? settings.get("types", "off") : "off" };
}
