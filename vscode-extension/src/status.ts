/** The item in the status bar of a Python file: what the server is doing, and with which Python. */

import * as vscode from "vscode";

export class Status implements vscode.Disposable {
  readonly #item = vscode.languages.createLanguageStatusItem("stepwell", { language: "python" });

  constructor() {
    this.#item.name = "stepwell";
    this.off("not started");
  }

  starting(path: string): void {
    this.#set("stepwell", `starting with ${path}`, vscode.LanguageStatusSeverity.Information);
    this.#item.busy = true;
  }

  running(version: string, path: string): void {
    this.#set(`stepwell ${version}`, path, vscode.LanguageStatusSeverity.Information);
    this.#item.command = { title: "Restart", command: "stepwell.restart" };
  }

  missing(message: string): void {
    this.#set("stepwell: no server", message, vscode.LanguageStatusSeverity.Warning);
    this.#item.command = { title: "Select interpreter", command: "stepwell.selectInterpreter" };
  }

  failed(message: string): void {
    this.#set("stepwell: failed", message, vscode.LanguageStatusSeverity.Error);
    this.#item.command = { title: "Show output", command: "stepwell.showOutput" };
  }

  off(why: string): void {
    this.#set("stepwell: off", why, vscode.LanguageStatusSeverity.Information);
    this.#item.command = { title: "Start", command: "stepwell.restart" };
  }

  dispose(): void {
    this.#item.dispose();
  }

  #set(text: string, detail: string, severity: vscode.LanguageStatusSeverity): void {
    this.#item.busy = false;
    this.#item.text = text;
    this.#item.detail = detail;
    this.#item.severity = severity;
    this.#item.command = { title: "Show output", command: "stepwell.showOutput" };
  }
}
