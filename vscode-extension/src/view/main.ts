/** The view's life: what it is told, what the person does in it, and what it tells in return. */

import type { FromView, ToView } from "../graph/protocol";
import { Controls } from "./controls";
import { Picture } from "./picture";

interface Host {
  postMessage(message: FromView): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): Host;

const host = acquireVsCodeApi();
const picture = new Picture(element("canvas"), {
  open: (name) => host.postMessage({ kind: "open", name }),
  keep: (state) => host.setState(state),
  kept: host.getState(),
});
const controls = new Controls(picture, (message) => host.postMessage(message));

window.addEventListener("message", ({ data }: MessageEvent<ToView>) => {
  switch (data.kind) {
    case "graph":
      picture.show(data.view);
      controls.show(data.view);
      break;
    case "cursor":
      picture.follow(data.names);
      break;
    case "note":
      controls.note(data.text);
      break;
  }
});
host.postMessage({ kind: "ready" });

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) {
    throw new Error(`the page has no #${id}`);
  }
  return found;
}
