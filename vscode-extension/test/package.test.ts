import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";

const manifest = JSON.parse(readFileSync("package.json", "utf8"));
const readme = readFileSync("README.md", "utf8");
const { configuration, commands, walkthroughs } = manifest.contributes;

test("the page names every setting with its default, and no other", () => {
  const told = [...readme.matchAll(/^\| `(stepwell\.[\w.]+)` +\| `(.*?)` +\|/gm)];
  const set = Object.entries<{ default: unknown }>(configuration.properties);
  assert.deepEqual(
    told.map(([, name, value]) => [name, value]),
    set.map(([name, setting]) => [name, JSON.stringify(setting.default)]),
  );
});

test("the page names every command, and no other", () => {
  const told = [...readme.matchAll(/^\| _stepwell: ([\w ]+)_ +\|/gm)].map(([, title]) => title);
  const titles = commands.map(({ title }: { title: string }) => title);
  assert.deepEqual(told.sort(), titles.sort());
});

test("every command is registered, and what runs code needs trust", () => {
  const code = ["extension", "rules", "last-run"]
    .map((name) => readFileSync(`src/${name}.ts`, "utf8"))
    .join("");
  for (const { command, enablement } of commands) {
    assert.ok(code.includes(`"${command}"`), command);
    assert.equal(enablement, /\.(run|migrate)/.test(command) ? "isWorkspaceTrusted" : undefined);
  }
});

test("what decides which program is started counts only in a trusted workspace", () => {
  assert.deepEqual(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations, [
    ...["stepwell.interpreter", "stepwell.path", "stepwell.server.arguments", "stepwell.types"],
  ]);
});

test("every picture that is shown is there", () => {
  const shown = [...readme.matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)].map(([, path]) => path ?? "");
  const steps = walkthroughs.flatMap(({ steps }: { steps: { media: object }[] }) => steps);
  for (const { media } of steps) {
    shown.push(media.image ?? media.markdown);
  }
  for (const path of shown) {
    assert.ok(existsSync(path), path);
  }
});
