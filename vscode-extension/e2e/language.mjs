// What the language server shows: squiggle, problem, hover, completion, quick fix, a rule's page, a restart.
import assert from "node:assert/strict";

/** From a misspelt parameter to a pipeline without a problem. */
export async function language(editor) {
  const { page } = editor;
  await page.locator(".squiggly-error").waitFor({ timeout: 90_000 });
  await editor.command("View: Toggle Problems");
  const found = async () => (await editor.problems()).find((text) => text.includes("`pasages`"));
  const problem = await editor.until(found, "a problem");
  assert.match(problem, /`prompt` needs `pasages`.*did you mean `passages`.*line 15/);
  await editor.shot("problem");

  const word = page.locator(".view-line span", { hasText: /^passages$/ }).first();
  await word.hover();
  const hover = page.locator(".monaco-hover", { hasText: "The pieces that share most words" });
  await hover.first().waitFor();
  await editor.shot("hover");
  await page.keyboard.press("Escape");

  await editor.command("stepwell: Restart Server");
  await editor.until(async () => !(await found()), "no problem without a server");
  await editor.until(found, "the problem again");

  await page
    .locator(".view-line span", { hasText: /^pasages$/ })
    .first()
    .click();
  await editor.command("Quick Fix");
  const menu = page.locator(".action-widget .monaco-list-row");
  await menu.filter({ hasText: "Explain SW101" }).first().waitFor();
  await menu.filter({ hasText: "Rename to `passages`" }).first().waitFor();
  await editor.shot("quick-fix");
  await menu.filter({ hasText: "Explain SW101" }).first().click();
  const rule = await editor.inside("h1");
  await editor.until(
    async () => (await rule.locator("h1").first().textContent())?.includes("missing-input"),
    "the rule's page",
  );
  await editor.shot("rule");
  await page.locator(".tab", { hasText: "Preview SW101" }).click({ button: "middle" });

  await page
    .locator(".view-line span", { hasText: /^pasages$/ })
    .first()
    .click();
  await editor.command("Quick Fix");
  await menu.filter({ hasText: "Rename to `passages`" }).first().click();
  await editor.until(async () => !(await found()), "no problem");
  await page.locator(".squiggly-error").waitFor({ state: "detached" });
  await editor.command("View: Hide Panel");
}

/** Names of steps where a parameter is wanted. */
export async function completion(editor) {
  const { page } = editor;
  await editor.put("def answer");
  await page.keyboard.press("Control+End");
  await page.keyboard.type("\n\ndef shown(ans", { delay: 40 });
  const offered = page.locator(".suggest-widget .monaco-list-row", { hasText: "answer" });
  await offered.first().waitFor();
  await editor.shot("completion");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+Shift+k"); // the line goes again
}

/** Above each step who reads it; a click lists the places. */
export async function lens(editor) {
  const { page } = editor;
  const line = page.locator(".codelens-decoration a", { hasText: "read by 2 steps" });
  await line.first().click();
  const list = page.locator(".peekview-widget .monaco-list-row");
  await list.first().waitFor();
  await editor.shot("code-lens");
  await page.keyboard.press("Escape");
  await page.locator(".peekview-widget").waitFor({ state: "detached" });
}

/** A step with all its readers and their bodies; one undo brings the old name back. */
export async function rename(editor) {
  const { page } = editor;
  const count = async (name) => {
    const lines = await page.locator(".editor-instance .view-line").allTextContents();
    return lines.join("\n").match(new RegExp(`\\b${name}\\b`, "g"))?.length ?? 0;
  };
  assert.equal(await count("passages"), 6); // one of them in a docstring
  await page
    .locator(".view-line span", { hasText: /^passages$/ })
    .first()
    .click();
  await page.keyboard.press("F2");
  const box = page.locator(".rename-box input");
  await box.waitFor();
  await box.fill("excerpts");
  await editor.shot("rename");
  await page.keyboard.press("Enter");
  await editor.until(async () => (await count("excerpts")) === 5, "every use has the new name");
  assert.equal(await count("passages"), 1);
  await page.keyboard.press("Control+z");
  await editor.until(async () => (await count("passages")) === 6, "one undo takes it back");
}

/** What the type checker says of edges, at the parameters, with both types. */
export async function types(editor) {
  const { page } = editor;
  await editor.go("typed.py");
  await editor.command("View: Toggle Problems");
  const told = (text) => async () => (await editor.problems()).find((row) => row.includes(text));
  await editor.until(told("`double` takes `first: int`"), "what a type variable becomes");
  const problem = await editor.until(told("`volume` takes `bag: Sized`"), "a protocol");
  assert.match(problem, /`bag` makes something else; ty: .*line 31/);
  const row = page.locator(".markers-panel .monaco-list-row", { hasText: "takes `bag: Sized`" });
  await row.first().click();
  await page.locator(".squiggly-error").first().waitFor();
  await editor.shot("types");
  await editor.command("View: Focus First Editor Group");
  await page.keyboard.press("Control+Home");
  await editor.put("def weight");
  await page.keyboard.press("Home");
  for (let i = 0; i < 4; i += 1) await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Control+Shift+ArrowRight");
  await page.keyboard.type("size");
  assert.ok(await told("`volume` takes `bag: Sized`")(), "nothing is asked before it is saved");
  await editor.command("File: Save");
  await editor.until(async () => !(await told("`volume` takes `bag: Sized`")()), "it is met now");
  assert.ok(await told("`double` takes `first: int`")());
  await editor.command("View: Hide Panel");
}

/** A literal becomes an input with that default, and the person is asked for its name. */
export async function extract(editor) {
  const { page } = editor;
  await editor.go("typed.py");
  await page.locator(".view-line span", { hasText: /^2$/ }).first().click();
  await editor.command("Refactor");
  const menu = page.locator(".action-widget .monaco-list-row");
  await menu.filter({ hasText: "Extract to the input `double_number`" }).first().waitFor();
  await editor.shot("extract");
  await menu.filter({ hasText: "Extract to the input" }).first().click();
  const box = page.locator(".rename-box input");
  await box.waitFor();
  assert.equal(await box.inputValue(), "double_number");
  await box.fill("factor");
  await page.keyboard.press("Enter");
  const line = page.locator(".view-line", { hasText: ", factor: int = 2)" });
  await line.waitFor();
  await page.locator(".view-line", { hasText: "return factor * first" }).waitFor();
}

/** What is done for each item folds as one. */
export async function folds(editor) {
  const { page } = editor;
  await editor.go("pages.py");
  const lines = async () =>
    (await page.locator(".editor-instance .view-line").allTextContents())
      .join("\n")
      .replaceAll("\u00a0", " ");
  await page.locator(".view-line", { hasText: "def length" }).waitFor();
  await editor.command("Fold All Regions");
  await editor.until(async () => !(await lines()).includes("def length"), "the block is folded");
  for (const name of ["names", "page", "told"]) assert.ok((await lines()).includes(`def ${name}(`));
  await editor.shot("folded");
  await editor.command("Unfold All Regions");
  await page.locator(".view-line", { hasText: "def length" }).waitFor();
}

/** A cell that defines steps: what is wrong in it, and its cure. */
export async function notebook(editor) {
  const { page } = editor;
  await editor.go("notes.ipynb");
  await editor.command("View: Toggle Problems");
  const found = async () => (await editor.problems()).find((text) => text.includes("`leters`"));
  const problem = await editor.until(found, "a problem in a cell");
  assert.match(problem, /did you mean `letters`/);
  await page.locator(".cell .squiggly-warning").first().waitFor();
  await editor.shot("notebook");
  await page
    .locator(".cell .view-line span", { hasText: /^leters$/ })
    .first()
    .hover();
  await page.locator(".monaco-hover", { hasText: "An input: no step makes it" }).first().waitFor();
  await editor.command("View: Hide Panel");
}
