import assert from "node:assert/strict";
import { test } from "node:test";
import { type Camera, fitted, kept, opening, showing, zoomed } from "../src/view/camera";
import type { Point } from "../src/view/layout";

const screen = { width: 400, height: 300 };
const seen = ({ x, y, scale }: Camera, point: Point) => ({
  x: point.x * scale + x,
  y: point.y * scale + y,
});

test("what is under the pointer stays there while it grows", () => {
  const before = { x: 10, y: 20, scale: 1 };
  const after = zoomed(before, { x: 110, y: 120 }, 2);
  assert.deepEqual(seen(after, { x: 100, y: 100 }), { x: 110, y: 120 });
  assert.equal(after.scale, 2);
});

test("it grows and shrinks only so far", () => {
  const camera = { x: 0, y: 0, scale: 1 };
  assert.equal(zoomed(camera, { x: 0, y: 0 }, 1e9).scale, 4);
  assert.equal(zoomed(camera, { x: 0, y: 0 }, 1e-9).scale, 0.05);
});

test("a picture is fitted in the middle, and no larger than life", () => {
  assert.deepEqual(fitted({ width: 100, height: 100 }, screen), { x: 150, y: 100, scale: 1 });
  assert.equal(fitted({ width: 800, height: 100 }, screen).scale, 0.5);
  assert.equal(fitted({ width: 0, height: 0 }, screen).scale, 1);
});

test("what would be too small to be read is shown in part, around what is chosen", () => {
  const chosen = { x: 4000, y: 5000 };
  const camera = opening({ width: 8000, height: 9000 }, screen, chosen);
  assert.deepEqual(seen(camera, chosen), { x: 200, y: 150 });
  assert.equal(opening({ width: 800, height: 100 }, screen, chosen).scale, 0.5);
});

test("after a new layout the anchor is seen where it was", () => {
  const camera = { x: 5, y: 6, scale: 0.5 };
  const [before, after] = [
    { x: 40, y: 50 },
    { x: 140, y: 10 },
  ];
  assert.deepEqual(seen(kept(camera, before, after), after), seen(camera, before));
});

test("a box that is seen whole moves nothing; another is moved to just where it is", () => {
  const camera = { x: 0, y: 0, scale: 1 };
  const box = { width: 100, height: 40 };
  assert.deepEqual(showing(camera, { x: 200, y: 150 }, box, screen), camera);
  assert.deepEqual(showing(camera, { x: 500, y: 150 }, box, screen), { x: -174, y: 0, scale: 1 });
  assert.deepEqual(showing(camera, { x: 200, y: -50 }, box, screen), { x: 0, y: 94, scale: 1 });
});
