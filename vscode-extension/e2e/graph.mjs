// The graph view: drawn, following, clicked, searched, focused, saved; stable, themed, and not to be fooled.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const boxes = (view) =>
  view.locator("g.box").evaluateAll((all) => all.map((box) => box.dataset.name).sort());
export const box = (view, name) => view.locator(`g.box[data-name="${name}"]`);
export const isChosen = async (view, name) =>
  (await box(view, name).getAttribute("aria-current")) === "true";
const cursorLine = (editor) => editor.page.locator("#status\\.editor\\.selection").textContent();

/** A pipeline with a mistake in it. */
export async function wrong(editor) {
  await editor.command("stepwell: Show Graph");
  const view = await editor.inside("#canvas g.box");
  assert.deepEqual(await boxes(view), [
    ...[
      "answer",
      "chunks",
      "cited",
      "document",
      "pasages",
      "passages",
      "prompt",
      "question",
      "size",
    ],
  ]);
  assert.equal(await view.locator("g.box.error").getAttribute("data-name"), "prompt");
  assert.equal(await view.locator("g.box.missing").getAttribute("data-name"), "pasages");
  assert.equal(await view.locator("g.arrow.wrong").getAttribute("data-source"), "pasages");
  assert.equal(await view.locator("g.box.target").getAttribute("data-name"), "cited");
  assert.equal(await view.locator("g.arrow.optional").getAttribute("data-source"), "size");
  await editor.put("def prompt");
  await editor.until(() => isChosen(view, "prompt"), "the step that the cursor is in is chosen");
  await editor.until(
    async () => (await view.locator("#details").textContent())?.includes("did you mean `passages`"),
    "its problem is told",
  );
  await editor.shot("graph-problem");
}

/** The same pipeline once it is right: to and fro between text and picture. */
export async function right(editor) {
  const view = await editor.inside("#canvas g.box");
  const steps = ["answer", "chunks", "cited", "document", "passages", "prompt", "question", "size"];
  const isRight = async () => `${await boxes(view)}` === `${steps}`;
  await editor.until(isRight, "the missing input is gone");
  assert.equal(await view.locator("g.box.error, g.arrow.wrong").count(), 0);

  await box(view, "chunks").click();
  await editor.until(
    async () => (await cursorLine(editor))?.startsWith("Ln 4,"),
    "a click goes there",
  );
  await editor.until(() => isChosen(view, "chunks"), "it is chosen");
  await editor.put("def answer");
  await editor.until(() => isChosen(view, "answer"), "the view follows the cursor");
  await editor.shot("graph");

  await typed(editor, view);
  await keyed(editor, view);
  await searched(editor, view);
  await saved(editor, view);
}

/** While a step is changed it stays where it is, though the graph around it becomes another. */
async function typed(editor, view) {
  const { keyboard } = editor.page;
  const added = ", tone: str, length: int";
  const middle = async () => {
    await editor.page.waitForTimeout(500); // what moves has come to rest
    const { x, y, width, height } = await box(view, "answer").locator("rect").boundingBox();
    return { x: x + width / 2, y: y + height / 2 };
  };
  const before = await middle();
  for (const _ of ") -> str:") await keyboard.press("ArrowLeft");
  await keyboard.type(added, { delay: 30 });
  await box(view, "tone").waitFor();
  await box(view, "length").waitFor();
  const after = await middle();
  assert.ok(Math.hypot(before.x - after.x, before.y - after.y) < 3, "it did not move");
  await editor.shot("graph-typed");
  for (const _ of added) await keyboard.press("Backspace");
  await box(view, "tone").waitFor({ state: "detached" });
  await box(view, "length").waitFor({ state: "detached" });
}

/** By the keyboard alone: from box to box, to a part of the graph, to the text. */
async function keyed(editor, view) {
  const { page } = editor;
  await box(view, "answer").focus();
  await page.keyboard.press("ArrowUp");
  await editor.until(() => isChosen(view, "prompt"), "an arrow leads along the graph");
  await page.keyboard.press("u");
  const upstream = ["chunks", "document", "passages", "prompt", "question", "size"];
  assert.deepEqual(await boxes(view), upstream);
  await editor.shot("graph-upstream");
  await page.keyboard.press("d");
  assert.deepEqual(await boxes(view), ["answer", "cited", "prompt"]);
  await page.keyboard.press("Escape");
  assert.equal((await boxes(view)).length, 8);
  const scale = () => view.locator("svg > g").getAttribute("transform");
  const unzoomed = await scale();
  await page.keyboard.press("+");
  assert.notEqual(await scale(), unzoomed);
  await page.keyboard.press("0");
  await box(view, "passages").focus();
  await page.keyboard.press("Enter");
  await editor.until(
    async () => (await cursorLine(editor))?.startsWith("Ln 9,"),
    "Enter goes there",
  );
}

async function searched(editor, view) {
  await view.locator("#search").fill("PASS");
  assert.equal(await view.locator("g.box.found").count(), 1);
  await editor.page.keyboard.press("Enter");
  await editor.until(() => isChosen(view, "passages"), "what is found is chosen");
  await view.locator("#search").fill("nowhere");
  assert.equal(await view.locator("g.box.found").count(), 0);
  await editor.page.keyboard.press("Escape");
  assert.equal(await view.locator("g.dim").count(), 0);
}

/** The picture as a file that a browser shows by itself. */
async function saved(editor, view) {
  await view.locator("#save").click();
  const name = editor.page.locator(".quick-input-widget input");
  await name.waitFor();
  await editor.until(
    async () => (await name.inputValue()).endsWith("flow.svg"),
    "a name is proposed",
  );
  await editor.page.keyboard.press("Enter");
  const file = join(editor.folder, "flow.svg");
  const svg = await editor.until(() => read(file), "the picture is saved");
  assert.match(svg, /^<svg [^>]*viewBox="0 0 \d+ \d+"/);
  assert.match(svg, />passages<\/text>/);
  assert.doesNotMatch(svg, /class=|data-|var\(|script|tabindex/);
  const page = await editor.page.context().browser().newPage();
  await page.setContent(svg);
  await page.screenshot({ path: join(editor.shots, "graph-saved.png") });
  await page.close();
}

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** Light, dark and high contrast: the colours are the theme's. */
export async function themes(editor) {
  const view = await editor.inside("#canvas g.box");
  const colours = () =>
    view.evaluate(() => {
      const ground = getComputedStyle(document.body).backgroundColor;
      return `${ground} ${getComputedStyle(document.querySelector(".box .name")).fill}`;
    });
  let before = await colours();
  for (const [name, theme] of [
    ["light", "Light Modern"],
    ["contrast", "Dark High Contrast"],
    ["contrast-light", "Light High Contrast"],
    ["dark", "Dark Modern"],
  ]) {
    await editor.theme(theme);
    await editor.until(async () => (await colours()) !== before, `the colours of ${theme}`);
    before = await colours();
    const [ground, words] = before.match(/\(([^)]+)\)/g).map(brightness);
    assert.ok(Math.abs(ground - words) > 100, `words are readable in ${theme}: ${before}`);
    await editor.shot(`graph-${name}`);
  }
}

function brightness(colour) {
  const [red, green, blue] = colour.match(/[\d.]+/g).map(Number);
  return 0.3 * red + 0.6 * green + 0.1 * blue;
}

/** Names that would be markup are words; nothing of them runs, nothing is asked for. */
export async function hostile(editor) {
  const dialogs = [];
  editor.page.on("dialog", (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  await editor.go("hostile.py");
  const view = await editor.inside('#canvas g.box[data-name="toString"]');
  const words = await view.locator("#canvas").textContent();
  assert.match(words, /<img src=x onerror=alert\(1\)>|<\/script>/);
  assert.equal(await view.locator("img, #canvas script, iframe, a, #canvas [onload]").count(), 0);
  assert.equal(await view.locator("body script").count(), 1);
  assert.ok((await boxes(view)).includes("toString"));
  await box(view, "size").click();
  await editor.until(() => isChosen(view, "size"), "a step among them can be chosen");
  assert.match(await view.locator("#details").textContent(), /<svg onload=alert\(4\)>/);
  await editor.shot("graph-hostile");
  assert.deepEqual(dialogs, []);
}

/** Ten thousand steps: what is near is drawn, and says so. */
export async function large(editor) {
  await editor.go("large.py");
  const view = await editor.inside('#canvas g.box[data-name="n0"]');
  assert.equal(await view.locator("g.box").count(), 250);
  await editor.until(
    async () => (await view.locator("#details").textContent())?.includes("250 of 10000 boxes"),
    "it is said that not all are drawn",
  );
  await editor.page.keyboard.press("Control+End");
  await editor.page.keyboard.press("ArrowUp");
  await box(view, "n9999").waitFor();
  await editor.shot("graph-large");
}
