// What is told of a server of another version. What must not be lost: the server after it was killed, the view after a reload; and a run in the terminal.
import { chmodSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isChosen } from "./graph.mjs";

/** A server that dies is started again and knows the same. */
export async function killed(editor) {
  const before = await editor.until(() => server(editor), "the server's process");
  process.kill(before, "SIGKILL");
  const other = () => {
    const now = server(editor);
    return now !== before && now;
  };
  await editor.until(other, "another server");
  await editor.command("stepwell: Show Graph");
  await editor.put("def cited");
  const view = await editor.inside("#canvas g.box");
  await editor.until(() => isChosen(view, "cited"), "it answers");
}

/** The view is there again, with the pipeline in it. */
export async function reloaded(editor) {
  await editor.page.goto(`http://127.0.0.1:${editor.port}/?folder=${editor.folder}`);
  await editor.page.locator(".view-line").first().waitFor({ timeout: 90_000 });
  const view = await editor.inside("#canvas g.box");
  await view.locator('g.box[data-name="cited"]').waitFor();
}

/** A `stepwell-lsp` of another version than the extension's, in the workspace's folder. */
export const newer = (python) => `\
#!${python} -I
import sys
from stepwell_lsp.server import serve

if "--version" in sys.argv:
    print("stepwell-lsp 9.9.9")
else:
    serve("9.9.9")
`;

/** Told once, with what helps; the server works as far as it can. */
export async function mismatched(editor) {
  const { page } = editor;
  chmodSync(join(editor.folder, "newer"), 0o755);
  await editor.open("flow.py");
  const toast = page.locator(".notification-list-item", { hasText: "stepwell 9.9.9" });
  await toast.first().waitFor({ timeout: 90_000 });
  await toast.filter({ hasText: "newer than the extension" }).first().waitFor();
  await toast.locator(".monaco-button", { hasText: "Use the Bundled Server" }).first().waitFor();
  await page.locator(".squiggly-error").waitFor({ timeout: 90_000 });
  await editor.shot("mismatch");
}

/** The process of the language server below this VS Code. */
function server({ pid }) {
  const parents = new Map();
  const found = [];
  for (const name of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const status = readFileSync(`/proc/${name}/status`, "utf8");
      parents.set(Number(name), Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1]));
      if (/^python/m.test(/^Name:\s+(\S+)/m.exec(status)?.[1] ?? "")) {
        const command = readFileSync(`/proc/${name}/cmdline`, "utf8");
        if (/stepwell_lsp|bundled\/server\.py/.test(command)) found.push(Number(name));
      }
    } catch {
      // It has ended in the meantime.
    }
  }
  return found.find((child) => {
    for (let at = child; at > 1; at = parents.get(at) ?? 0) {
      if (at === pid) return true;
    }
    return false;
  });
}

/** Asks for what the step needs, runs as far as that, and shows what comes out. */
export async function run(editor) {
  const { page } = editor;
  await editor.put("def chunks");
  await editor.command("stepwell: Run to This Step");
  const input = page.locator(".quick-input-widget input");
  await page.locator(".quick-input-title", { hasText: "stepwell run chunks (1/1)" }).waitFor();
  await input.fill("what a document says");
  await editor.shot("run-input");
  await page.keyboard.press("Enter");
  await page
    .locator(".tab-label, .terminal-tab, .monaco-action-bar", { hasText: "run chunks" })
    .first()
    .waitFor();
  await page.locator(".terminal-wrapper.active").waitFor();
  const told = () => page.locator(".xterm-rows").allTextContents();
  await editor.until(
    async () =>
      (await told()).join("").replaceAll("\u00a0", " ").includes("['what a document says']"),
    "what comes out",
  );
  await editor.shot("run");
  await editor.command("View: Hide Panel");
}
