import assert from "node:assert/strict";
import { test } from "node:test";
import { cure, probe, understood } from "../src/probe";

for (const [answer, kind] of [
  ['[[3, 12, 1], "0.1.0", "2.1.1"]', "server"],
  ['[[3, 12, 1], null, "2.1.1"]', "no stepwell"],
  ['[[3, 11, 0], "0.1.0", null]', "no pygls"],
  ['[[3, 9, 7], "0.1.0", "2.1.1"]', "old python"],
  ["[[2, 7, 18], null, null]", "old python"],
] as const) {
  test(`${answer} means ${kind}`, () => {
    assert.equal(understood(answer)?.kind, kind);
  });
}

test("what is no answer means nothing", () => {
  assert.equal(understood(""), undefined);
  assert.equal(understood("Welcome!\n"), undefined);
});

test("the cure for a missing package is a command for that very Python", () => {
  const { command } = cure({ kind: "no stepwell", python: "3.12.1" }, "/my envs/a/bin/python");
  assert.equal(command, '"/my envs/a/bin/python" -m pip install "stepwell[lsp]"');
});

test("there is no command against a Python that is too old", () => {
  const { command, message } = cure({ kind: "old python", python: "3.9.7" }, "python3");
  assert.equal(command, undefined);
  assert.match(message, /needs Python 3\.11 or newer; `python3` is 3\.9\.7/);
});

test("a program that is not there is told as such", async () => {
  const found = await probe("/nowhere/python");
  assert.equal(found.kind, "no python");
});

test("a program that is no Python is told as such", async () => {
  const found = await probe(process.execPath);
  assert.equal(found.kind, "no python");
});
