import assert from "node:assert/strict";
import { test } from "node:test";
import { command, migration } from "../src/migration";

const TOLD = `\
--- a/flows/a.py
+++ b/flows/a.py
@@ -1,4 +1,5 @@
 """Words."""
-from hamilton import driver
-from hamilton.function_modifiers import tag
+from stepwell.compat.hamilton import driver
+from stepwell.compat.hamilton.function_modifiers import tag
+# more
 
@@ -9 +10,2 @@
-import hamilton
+import stepwell.compat.hamilton as hamilton
+--- not a header
--- a/b.py
+++ b/b.py
@@ -0,0 +1 @@
+first
flows/a.py:7: \`hamilton.plugins\` has no counterpart; instead: a step
`;

test("changes of lines by file, and what has no counterpart", () => {
  const { files, gaps } = migration(TOLD);
  assert.deepEqual(
    [...files],
    [
      [
        "flows/a.py",
        [
          {
            start: 1,
            end: 3,
            lines: [
              "from stepwell.compat.hamilton import driver",
              "from stepwell.compat.hamilton.function_modifiers import tag",
              "# more",
            ],
          },
          {
            start: 8,
            end: 9,
            lines: ["import stepwell.compat.hamilton as hamilton", "--- not a header"],
          },
        ],
      ],
      ["b.py", [{ start: 0, end: 0, lines: ["first"] }]],
    ],
  );
  assert.deepEqual(gaps, ["flows/a.py:7: `hamilton.plugins` has no counterpart; instead: a step"]);
});

test("nothing to change", () => {
  assert.deepEqual(migration(""), { files: new Map(), gaps: [] });
});

test("a path is never an option", () => {
  assert.deepEqual(command("-x.py"), ["-m", "stepwell", "migrate", "--", "-x.py"]);
});
