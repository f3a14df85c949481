// Moving over from Hamilton: nothing changes before the person has looked at it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export async function migrate(editor) {
  const { page } = editor;
  await editor.go("old.py");
  const file = join(editor.folder, "old.py");
  const before = readFileSync(file, "utf8");
  await editor.command("stepwell: Move Over from Hamilton");
  await page.locator(".quick-input-list .monaco-list-row", { hasText: "old.py" }).first().click();
  const preview = page.locator(".refactor-preview, .bulk-edit-panel").first();
  await preview.waitFor();
  await page.locator(".edit-checkbox").first().click();
  await editor.shot("migrate");
  assert.equal(readFileSync(file, "utf8"), before);
  await page
    .locator(".monaco-button", { hasText: /^Apply$/ })
    .first()
    .click();
  const line = "from stepwell.compat.hamilton.function_modifiers import tag";
  await page.locator(".view-line", { hasText: line }).first().waitFor();
}
