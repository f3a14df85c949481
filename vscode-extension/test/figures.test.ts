import assert from "node:assert/strict";
import { test } from "node:test";
import type { Figure } from "../src/graph/protocol";
import { figures, lookOf } from "../src/view/figures";

function figure(more: Partial<Figure> = {}): Figure {
  return {
    ...{ time: "1.2 s", tokens: "", cost: "", error: "", changed: false, earlier: false },
    ...{ text: "" },
    ...more,
  };
}

test("a step that made no call has its time alone", () => {
  assert.equal(figures(figure()), "1.2 s");
});

test("tokens and cost come after the time", () => {
  const shown = figures(figure({ tokens: "≥ 1,234 tokens", cost: "$0.0012" }));
  assert.equal(shown, "1.2 s · ≥ 1,234 tokens · $0.0012");
});

test("of a failure the class is told, not the time", () => {
  assert.equal(
    figures(figure({ error: "ValueError", tokens: "3 tokens" })),
    "✗ ValueError · 3 tokens",
  );
  assert.equal(lookOf(figure({ error: "ValueError" })), "failed");
});

test("what is not of the step as it is, or not of the last run, looks old", () => {
  assert.equal(lookOf(figure({ changed: true })), "old");
  assert.equal(lookOf(figure({ error: "E", earlier: true })), "failed old");
  assert.equal(lookOf(figure()), "");
});
