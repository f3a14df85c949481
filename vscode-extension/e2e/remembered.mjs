// What a run has left behind: at its step, in the graph, on a page; and that it is old after a change.
import { box } from "./graph.mjs";

/** The run of `chunks` that was made before is shown, without a look at the file being asked for. */
export async function remembered(editor) {
  const { page } = editor;
  const lens = page.locator(".codelens-decoration a", { hasText: "last run: " }).first();
  await lens.waitFor();
  await editor.shot("last-run-lens");
  await (await figure(editor)).waitFor();
  await editor.shot("last-run-graph");

  await lens.click();
  const told = await editor.inside("table td code");
  await told.locator("h1", { hasText: "Run " }).waitFor();
  await told.locator("td", { hasText: "chunks" }).first().waitFor();
  await editor.shot("last-run");
  const tab = page.locator(".tab", { hasText: "Preview Last run" });
  await tab.click({ button: "middle" });
  await tab.waitFor({ state: "detached" });

  await editor.put("return [document[i");
  await page.keyboard.type(" + []");
  await page.locator(".codelens-decoration", { hasText: "before your last change" }).waitFor();
  await editor.until(
    async () => (await (await figure(editor)).getAttribute("class"))?.includes("old"),
    "the graph tells it too",
  );
  await editor.shot("last-run-old");
  for (const _ of " + []") await page.keyboard.press("Backspace");
}

/** What the graph shows in the box; the page is made anew when it was hidden. */
async function figure(editor) {
  const view = await editor.inside("#canvas g.box");
  return box(view, "chunks").locator("text.last");
}
