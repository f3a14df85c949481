// A folder that is not trusted: read by the server that came with the extension, and nothing of it is run.
import assert from "node:assert/strict";
import { chmodSync, existsSync } from "node:fs";
import { join } from "node:path";

// biome-ignore lint/suspicious/noTemplateCurlyInString: it is what settings hold
const MINE = "${workspaceFolder}/mine/python";

/** Programs of the workspace that would be started if it were trusted; each leaves a trace. */
export const CANARIES = {
  ".venv/pyvenv.cfg": "",
  ".venv/bin/ty": '#!/bin/sh\ntouch "$(dirname "$0")/ran"\nexit 1\n',
  ".venv/bin/python": '#!/bin/sh\ntouch "$(dirname "$0")/ran"\nexit 1\n',
  "mine/python": '#!/bin/sh\ntouch "$(dirname "$0")/ran"\nexit 1\n',
  ".vscode/settings.json": JSON.stringify({
    "stepwell.interpreter": MINE,
    "stepwell.path": MINE,
  }),
};

export const SETTINGS = {
  "stepwell.types": "ty",
  "security.workspace.trust.enabled": true,
  "security.workspace.trust.startupPrompt": "never",
  "security.workspace.trust.banner": "never",
};

export async function untrusted(editor) {
  const { page, folder } = editor;
  const programs = [".venv/bin", "mine"].map((name) => join(folder, name));
  for (const name of programs) chmodSync(join(name, "python"), 0o755);
  chmodSync(join(folder, ".venv/bin/ty"), 0o755);
  const hasRun = () => programs.filter((name) => existsSync(join(name, "ran")));
  await editor.open("flow.py");
  await page.locator(".squiggly-error").waitFor({ timeout: 90_000 });
  await editor.command("stepwell: Show Graph");
  await editor.inside("#canvas g.box");
  assert.equal(await editor.offers("stepwell: Run Pipeline"), false);
  await editor.shot("untrusted");
  assert.deepEqual(hasRun(), [], "no program of the workspace was started");

  await editor.command("Workspaces: Manage Workspace Trust");
  await page.locator(".workspace-trust-editor").waitFor();
  await page
    .locator(".workspace-trust-buttons-row a, .workspace-trust-buttons-row .monaco-button", {
      hasText: /^Trust$/,
    })
    .first()
    .click();
  await editor.until(() => hasRun().length > 0, "what is trusted is asked");
  assert.ok(await editor.offers("stepwell: Run Pipeline"));
}
