import assert from "node:assert/strict";
import { test } from "node:test";
import { filledIn, interpreter, type Surroundings } from "../src/interpreter";

const plain: Surroundings = {
  setting: "",
  chosen: undefined,
  folders: ["/project"],
  trusted: true,
  platform: "linux",
  home: "/home/ada",
  environment: { PYTHONS: "/opt/pythons" },
  exists: () => false,
};

test("the setting comes before everything else", () => {
  const found = interpreter({ ...plain, setting: " ~/py/bin/python ", chosen: "/chosen" });
  assert.deepEqual(found, { path: "/home/ada/py/bin/python", origin: "setting" });
});

test("then what the Python extension has chosen", () => {
  const found = interpreter({ ...plain, chosen: "/chosen", exists: () => true });
  assert.deepEqual(found, { path: "/chosen", origin: "python extension" });
});

test("then the virtual environment of the workspace, whichever folder has one", () => {
  const there = "/second/venv/bin/python";
  const found = interpreter({
    ...plain,
    folders: ["/first", "/second"],
    exists: (path) => path === there,
  });
  assert.deepEqual(found, { path: there, origin: "workspace" });
});

test("on Windows the environment's Python lies elsewhere", () => {
  const there = "C:\\work\\.venv\\Scripts\\python.exe";
  const found = interpreter({
    ...plain,
    platform: "win32",
    folders: ["C:\\work"],
    exists: (path) => path === there,
  });
  assert.equal(found.path, there);
});

test("else the PATH's", () => {
  assert.deepEqual(interpreter(plain), { path: "python3", origin: "PATH" });
  assert.equal(interpreter({ ...plain, platform: "win32" }).path, "python");
});

test("a workspace that is not trusted proposes no program to run", () => {
  const found = interpreter({
    ...plain,
    trusted: false,
    chosen: "/project/.venv/bin/python",
    exists: () => true,
  });
  assert.deepEqual(found, { path: "python3", origin: "PATH" });
});

for (const [written, filled] of [
  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: it is what settings hold
  ["${workspaceFolder}/.venv/bin/python", "/project/.venv/bin/python"],
  ["${env:PYTHONS}/3.12", "/opt/pythons/3.12"],
  ["${env:NOT_THERE}/python", "/python"],
  ["~", "/home/ada"],
  ["/a/~/b", "/a/~/b"],
  ["python3.12", "python3.12"],
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: it is what settings hold
] as const) {
  test(`the setting ${written} means ${filled}`, () => {
    assert.equal(filledIn(written, plain), filled);
  });
}
