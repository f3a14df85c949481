import assert from "node:assert/strict";
import { test } from "node:test";
import { head, layout, path } from "../src/view/layout";
import { step } from "../src/view/step";
import { edge } from "./views";

const box = (name: string) => ({ name, width: 80, height: 30 });
const arrow = (written: string) => ({ ...edge(written), width: 0, height: 0 });
const DIAMOND = ["a>b", "a>c", "b>d", "c>d"];
const drawn = layout(["a", "b", "c", "d"].map(box), DIAMOND.map(arrow), "TB");
const [LEFT = "", RIGHT = ""] = ["b", "c"].sort(
  (one, other) => (drawn.boxes.get(one)?.x ?? 0) - (drawn.boxes.get(other)?.x ?? 0),
);

test("what feeds stands above what it feeds, or to the left of it", () => {
  const y = (name: string) => drawn.boxes.get(name)?.y ?? Number.NaN;
  assert.ok(y("a") < y("b") && y("b") === y("c") && y("c") < y("d"));
  const turned = layout(["a", "b"].map(box), [arrow("a>b")], "LR");
  assert.ok((turned.boxes.get("a")?.x ?? 0) < (turned.boxes.get("b")?.x ?? 0));
});

test("no two boxes lie upon each other", () => {
  const [b, c] = [drawn.boxes.get("b"), drawn.boxes.get("c")];
  assert.ok(Math.abs((b?.x ?? 0) - (c?.x ?? 0)) >= 80);
});

test("the same graph looks the same again", () => {
  const again = layout(["a", "b", "c", "d"].map(box), DIAMOND.map(arrow), "TB");
  assert.deepEqual(again, drawn);
});

for (const [what, arrows] of [
  ["a step that needs itself", ["a>a"]],
  ["a cycle", ["a>b", "b>a"]],
  ["no arrows", []],
] as const) {
  test(`${what} can be drawn`, () => {
    const found = layout(["a", "b"].map(box), arrows.map(arrow), "TB");
    assert.ok([...found.boxes.values()].every(({ x, y }) => x > 0 && y > 0));
    assert.ok(found.ways.every(({ points }) => points.length > 1));
  });
}

for (const name of [
  "__proto__",
  "constructor",
  "toString",
  "</script><img src=x onerror=alert(1)>",
]) {
  test(`a step may be called ${name}`, () => {
    const found = layout([box(name), box("b")], [{ ...arrow("b>x"), target: name }], "TB");
    assert.ok((found.boxes.get(name)?.y ?? 0) > (found.boxes.get("b")?.y ?? 0));
    assert.equal(found.ways[0]?.target, name);
  });
}

test("an arrow is a path from its first point to its last", () => {
  const points = [
    { x: 0, y: 0 },
    { x: 0, y: 10 },
    { x: 10, y: 20 },
  ];
  assert.equal(path(points), "M0,0 L0,5 Q0,10 5,15 L10,20");
  assert.equal(path([]), "");
  assert.equal(
    head(
      [
        { x: 0, y: 0 },
        { x: 0, y: 10 },
      ],
      4,
    ),
    "0,10 -2,6 2,6",
  );
});

for (const [key, from, to] of [
  ["ArrowDown", "a", "b"],
  ["ArrowUp", "b", "a"],
  ["ArrowRight", LEFT, RIGHT],
  ["ArrowRight", RIGHT, undefined],
  ["ArrowLeft", RIGHT, LEFT],
  ["ArrowUp", "a", undefined],
  ["Home", "a", undefined],
] as const) {
  test(`${key} leads from ${from} to ${to}`, () => {
    assert.equal(step(drawn, DIAMOND.map(edge), from, key, "TB"), to);
  });
}
