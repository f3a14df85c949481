import assert from "node:assert/strict";
import { test } from "node:test";
import { under } from "../src/graph/cursor";
import { range, vertex, view } from "./views";

const here = (uri: string) => uri === "file:///a.py";
const steps = view([
  vertex("outer", { places: [at([0, 4, 0, 9], [0, 0, 9, 5])] }),
  vertex("inner", { places: [at([3, 8, 3, 13], [3, 0, 5, 5])] }),
  vertex("loud", { places: [at([12, 4, 12, 8], [12, 0, 13, 9])] }),
  vertex("soft", { places: [at([12, 4, 12, 8], [12, 0, 13, 9])] }),
  vertex("model", { kind: "input", places: [at([4, 2, 4, 7])] }),
  vertex("elsewhere", { places: [at([0, 4, 0, 9], [0, 0, 9, 5], "file:///b.py")] }),
]);

function at(name: number[], body?: number[], uri = "file:///a.py") {
  return { uri, name: range(name), body: body === undefined ? null : range(body) };
}

for (const [what, line, character, names] of [
  ["a body", 1, 0, ["outer"]],
  ["the smaller of two bodies", 4, 9, ["inner"]],
  ["a word before the body around it", 4, 3, ["model"]],
  ["all that a modifier makes of one step", 13, 0, ["loud", "soft"]],
  ["nothing", 11, 0, []],
] as const) {
  test(`the cursor is in ${what}`, () => {
    assert.deepEqual(under(steps, { line, character }, here), names);
  });
}
