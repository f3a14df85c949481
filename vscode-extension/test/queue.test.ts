import assert from "node:assert/strict";
import { test } from "node:test";
import { Queue } from "../src/queue";

/** Work that ends when it is told to, and counts how often it began. */
function slow() {
  const ends: (() => void)[] = [];
  const work = () => new Promise<void>((resolve) => ends.push(resolve));
  return { ends, work };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

test("asked once, it runs once", async () => {
  let runs = 0;
  await new Queue(async () => {
    runs += 1;
  }).ask();
  assert.equal(runs, 1);
});

test("asked many times while it runs, it runs once more", async () => {
  const { ends, work } = slow();
  const queue = new Queue(work);
  const asked = [queue.ask(), queue.ask(), queue.ask(), queue.ask()];
  ends[0]?.();
  await settled();
  assert.equal(ends.length, 2);
  ends[1]?.();
  await Promise.all(asked);
  assert.equal(ends.length, 2);
});

test("after a failure it can be asked again", async () => {
  let runs = 0;
  const queue = new Queue(async () => {
    runs += 1;
    if (runs === 1) {
      throw new Error("first");
    }
  });
  await assert.rejects(queue.ask(), /first/);
  await queue.ask();
  assert.equal(runs, 2);
});
