/** The item in the status bar of a Python file: what the server is doing, and with which Python. */

import * as vscode from "vscode";
import type { Start } from "./choice";

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

  /** `told` is what is not as it should be, though the server runs. */
  running(version: string, path: string, origin: Start["origin"], told?: string): void {
    const words = origin === "bundled" ? `stepwell ${version} (bundled)` : `stepwell ${version}`;
    const { Information, Warning } = vscode.LanguageStatusSeverity;
    this.#set(words, told ?? path, told === undefined ? Information : Warning);
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
