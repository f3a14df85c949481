/** Asks a Python whether it has the server, before one is started with it. */

import { execFile } from "node:child_process";

/** What was found: a server, or why there is none. */
export type Found =
  | { readonly kind: "server"; readonly version: string; readonly python: string }
  | { readonly kind: "no python"; readonly reason: string }
  | { readonly kind: "old python"; readonly python: string }
  | { readonly kind: "no stepwell"; readonly python: string }
  | { readonly kind: "no pygls"; readonly python: string };

/** The oldest Python that stepwell runs on. */
export const OLDEST = [3, 11] as const;

/**
 * It looks for the packages without importing them. Started in this folder and with -E, so that no
 * file of the workspace called like a library is run in its place.
 */
const QUESTION = `
import json, sys
from importlib.metadata import PackageNotFoundError, version
def of(name):
    try: return version(name)
    except PackageNotFoundError: return None
print(json.dumps([list(sys.version_info[:3]), of("stepwell"), of("pygls")]))
`;

/** What `python` has to offer. */
export function probe(python: string, timeout = 20_000): Promise<Found> {
  return new Promise((resolve) => {
    execFile(
      python,
      ["-E", "-c", QUESTION],
      { timeout, cwd: __dirname },
      (error, stdout, stderr) => {
        const answer = understood(stdout);
        if (answer !== undefined) {
          resolve(answer);
        } else {
          const reason = stderr.trim().split("\n").at(-1) || error?.message || "it said nothing";
          resolve({ kind: "no python", reason });
        }
      },
    );
  });
}

/** The answer in words of ours; `undefined` where there is none. */
export function understood(stdout: string): Found | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(stdout);
  } catch {
    return undefined;
  }
  const [numbers, stepwell, pygls] = answer as [number[], string | null, string | null];
  const [major = 0, minor = 0] = numbers;
  const python = numbers.join(".");
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    return { kind: "old python", python };
  }
  if (stepwell === null) {
    return { kind: "no stepwell", python };
  }
  return pygls === null
    ? { kind: "no pygls", python }
    : { kind: "server", version: stepwell, python };
}

/** A sentence on what is missing, and the command that brings it, if one does. */
export function cure(found: Found, path: string): { message: string; command?: string } {
  switch (found.kind) {
    case "no python":
      return { message: `\`${path}\` can't be run as a Python: ${found.reason}` };
    case "old python":
      return {
        message: `stepwell needs Python ${OLDEST.join(".")} or newer; \`${path}\` is ${found.python}.`,
      };
    case "no stepwell":
    case "no pygls": {
      const command = `${quoted(path)} -m pip install "stepwell[lsp]"`;
      const what = found.kind === "no pygls" ? "stepwell without its server" : "no stepwell";
      return { message: `\`${path}\` has ${what}. To install it: ${command}`, command };
    }
    case "server":
      return { message: "" };
  }
}

function quoted(path: string): string {
  return /^[\w./:\\-]+$/.test(path) ? path : `"${path}"`;
}
