import assert from "node:assert/strict";
import { test } from "node:test";
import { command, needed } from "../src/run";
import { vertex, view } from "./views";

const input = (name: string) => vertex(name, { kind: "input" });
const graph = view(
  [
    input("question"),
    input("limit"),
    input("model"),
    input("far"),
    vertex("found"),
    vertex("answer"),
    vertex("end"),
  ],
  ["question>found", "limit?found", "found>answer", "model>answer", "far>end"],
);

test("what has to be given is what the targets can't do without", () => {
  assert.deepEqual(
    needed(graph, ["answer"]).map(({ name }) => name),
    ["question", "model"],
  );
});

test("what the configuration holds is not asked for", () => {
  const run = { ...graph.run, config: { model: "small" } };
  assert.deepEqual(
    needed({ ...graph, run }, ["answer"]).map(({ name }) => name),
    ["question"],
  );
});

test("the command holds every value as one word of its own", () => {
  const run = { ...graph.run, config: { model: "small", size: 3 } };
  const inputs = new Map([["question", "why; rm -rf / `x` $(y) 'z'"]]);
  assert.deepEqual(command({ ...graph, run }, ["answer", "found"], inputs, false), [
    ...["-m", "stepwell", "run", "/w/flow.py", "--target=answer", "--target=found"],
    ...['--config=model="small"', "--config=size=3"],
    "--input=question=why; rm -rf / `x` $(y) 'z'",
  ]);
});

test("a run is recorded unless the setting says no", () => {
  const words = command(graph, ["answer"], new Map(), true);
  assert.deepEqual(words.slice(4), ["--store", "--target=answer"]);
});
