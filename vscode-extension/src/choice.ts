/** Which server is started: the project's own, the one that came with the extension, or a given one. Pure. */

import type { Found } from "./probe";

export type Strategy = "fromEnvironment" | "useBundled";

/** What is started, and how it is called in the status. */
export interface Start {
  readonly origin: "environment" | "bundled" | "path";
  readonly command: string;
  readonly args: readonly string[];
}

/** What the choice depends on. */
export interface Offer {
  readonly strategy: Strategy;
  /** The interpreter, and what was found there. */
  readonly python: string;
  readonly found: Found;
  /** The script that starts the bundled server; `undefined` where none is packaged. */
  readonly bundled: string | undefined;
}

/** The server to start with this interpreter; `undefined` where it can start none. */
export function choice({ strategy, python, found, bundled }: Offer): Start | undefined {
  if (found.kind === "server" && (strategy === "fromEnvironment" || bundled === undefined)) {
    // -E -P: no variable of the shell, and no file of the workspace, decides what is imported.
    return { origin: "environment", command: python, args: ["-E", "-P", "-m", "stepwell_lsp"] };
  }
  const runs = found.kind !== "no python" && found.kind !== "old python";
  return runs && bundled !== undefined
    ? { origin: "bundled", command: python, args: ["-I", bundled] }
    : undefined;
}
