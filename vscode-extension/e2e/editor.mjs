// The packaged extension in a real VS Code. node e2e/editor.mjs TOOLS PYTHON: the folder that setup.sh
// filled, and a Python that has stepwell. Every step asserts something and keeps a picture in e2e/out.
import { mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import * as graph from "./graph.mjs";
import {
  completion,
  extract,
  folds,
  language,
  lens,
  notebook,
  rename,
  types,
} from "./language.mjs";
import { killed, mismatched, newer, reloaded, run } from "./life.mjs";
import { migrate } from "./moving.mjs";
import { remembered } from "./remembered.mjs";
import { CANARIES, SETTINGS, untrusted } from "./trust.mjs";
import { within } from "./vscode.mjs";
import { FILES } from "./workspace.mjs";

const [tools, python] = process.argv.slice(2).map((path) => resolve(path));
const here = import.meta.dirname;
const shots = join(here, "out");
rmSync(shots, { recursive: true, force: true });
mkdirSync(shots, { recursive: true });
const common = { tools, vsix: join(here, "../stepwell.vsix"), shots, files: FILES };

const machine = { "stepwell.interpreter": python };
await within({ ...common, machine, settings: { "stepwell.types": "ty" } }, async (editor) => {
  await editor.open("flow.py");
  await graph.wrong(editor);
  await language(editor);
  await lens(editor);
  await rename(editor);
  await completion(editor);
  await graph.right(editor);
  await graph.themes(editor);
  await run(editor);
  await remembered(editor);
  await killed(editor);
  await reloaded(editor);
  await types(editor);
  await extract(editor);
  await folds(editor);
  await migrate(editor);
  await notebook(editor);
  await graph.hostile(editor);
  await graph.large(editor);
});
await within(
  { ...common, machine: {}, settings: SETTINGS, files: { ...FILES, ...CANARIES } },
  untrusted,
);
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is what settings hold
const path = { "stepwell.path": "${workspaceFolder}/newer" };
const files = { ...FILES, newer: newer(python) };
await within({ ...common, machine: path, files }, mismatched);
console.log(`The extension works in VS Code; the pictures are in ${shots}`);
