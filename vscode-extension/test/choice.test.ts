import assert from "node:assert/strict";
import { test } from "node:test";
import { choice, type Strategy } from "../src/choice";
import type { Found } from "../src/probe";
import { mismatch } from "../src/versions";

const OWN: Found = { kind: "server", version: "0.1.0", python: "3.12.1" };
const NONE: Found = { kind: "no stepwell", python: "3.12.1" };
const OLD: Found = { kind: "old python", python: "3.9.7" };
const BAD: Found = { kind: "no python", reason: "not there" };

for (const [strategy, found, bundled, origin] of [
  ["fromEnvironment", OWN, "server.py", "environment"],
  ["fromEnvironment", NONE, "server.py", "bundled"],
  ["fromEnvironment", { kind: "no pygls", python: "3.12.1" }, "server.py", "bundled"],
  ["fromEnvironment", OLD, "server.py", undefined],
  ["fromEnvironment", BAD, "server.py", undefined],
  ["fromEnvironment", NONE, undefined, undefined],
  ["useBundled", OWN, "server.py", "bundled"],
  ["useBundled", OWN, undefined, "environment"],
] as const satisfies readonly (readonly [
  Strategy,
  Found,
  string | undefined,
  string | undefined,
])[]) {
  test(`${strategy}, ${found.kind}, ${bundled ?? "nothing bundled"}: ${origin}`, () => {
    assert.equal(choice({ strategy, python: "py", found, bundled })?.origin, origin);
  });
}

test("whichever it is, no file of the workspace can take a library's place", () => {
  const offer = { strategy: "fromEnvironment", python: "py", bundled: "/x/server.py" } as const;
  assert.deepEqual(choice({ ...offer, found: OWN })?.args, ["-E", "-P", "-m", "stepwell_lsp"]);
  assert.deepEqual(choice({ ...offer, found: NONE })?.args, ["-I", "/x/server.py"]);
});

for (const [server, extension, told] of [
  ["0.1.0", "0.1.0", undefined],
  ["0.1.9", "0.1.0", undefined],
  ["0.1.0", "0.2.0", /older than the extension \(0\.2\.0\)/],
  ["0.9.3", "1.0.0", /older/],
  ["0.11.0", "0.2.0", /newer .* update the extension/],
  ["1.0.0", "0.9.0", /newer/],
  ["?", "0.1.0", undefined],
] as const) {
  test(`server ${server} with extension ${extension}`, () => {
    const found = mismatch(server, extension);
    if (told === undefined) {
      assert.equal(found, undefined);
    } else {
      assert.match(found ?? "", told);
    }
  });
}
