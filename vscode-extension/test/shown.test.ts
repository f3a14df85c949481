import assert from "node:assert/strict";
import { test } from "node:test";
import { type Focus, shown } from "../src/view/shown";
import { vertex, view } from "./views";

const names = ["in", "a", "b", "c", "other"];
const graph = view(
  names.map((name) => vertex(name)),
  ["in>a", "a>b", "b>c", "other>c"],
);

for (const [focus, chosen, expected] of [
  ["all", "a", names],
  ["up", "b", ["in", "a", "b"]],
  ["down", "b", ["b", "c"]],
  ["both", "b", ["in", "a", "b", "c"]],
  ["up", "gone", names],
  ["up", undefined, names],
] as const) {
  test(`${focus} of ${chosen} is ${expected}`, () => {
    assert.deepEqual([...shown(graph, focus as Focus, chosen)].sort(), [...expected].sort());
  });
}

test("of a graph that is too large to be read, what is nearest is shown", () => {
  const many = Array.from({ length: 10_000 }, (_, i) => `n${i}`);
  const chain = view(
    many.map((name) => vertex(name, { target: name === "n9999" })),
    many.slice(1).map((name, i) => `n${i}>${name}`),
  );
  assert.deepEqual([...shown(chain, "all", "n50", 3)].sort(), ["n49", "n50", "n51"]);
  assert.deepEqual([...shown(chain, "all", undefined, 2)].sort(), ["n9998", "n9999"]);
});

test("a cycle ends", () => {
  const cycle = view([vertex("a"), vertex("b")], ["a>b", "b>a"]);
  assert.equal(shown(cycle, "both", "a").size, 2);
});
