/** Everything around the picture: the bar, the search, the keys, and what is said of the chosen step. */

import type { FromView, LastRun, Problem, View } from "../graph/protocol";
import type { Picture } from "./picture";
import type { Focus } from "./shown";

const FOCUS_KEYS: Readonly<Record<string, Focus>> = { a: "all", u: "up", d: "down", b: "both" };

export class Controls {
  readonly #pipeline = get("pipeline", HTMLSelectElement);
  readonly #search = get("search", HTMLInputElement);
  readonly #note = get("note", HTMLElement);
  readonly #details = get("details", HTMLElement);
  readonly #focus = [...document.querySelectorAll<HTMLButtonElement>("[data-focus]")];
  #view: View | undefined;
  #turn = 0;

  constructor(
    private readonly picture: Picture,
    private readonly tell: (message: FromView) => void,
  ) {
    picture.changed = () => this.#refresh();
    this.#pipeline.addEventListener("change", () =>
      tell({ kind: "pipeline", name: this.#pipeline.value }),
    );
    for (const button of this.#focus) {
      button.addEventListener("click", () =>
        picture.focusOn((button.dataset["focus"] ?? "all") as Focus),
      );
    }
    for (const [id, action] of Object.entries(this.#actions)) {
      get(id, HTMLElement).addEventListener("click", action);
    }
    this.#search.addEventListener("input", () => {
      this.#turn = 0;
      this.#find();
    });
    this.#search.addEventListener("keydown", (event) => this.#searchKey(event));
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  show(view: View): void {
    this.#view = view;
    this.note("");
    this.#pipeline.hidden = view.pipelines.length < 2;
    this.#pipeline.replaceChildren(
      ...view.pipelines.map((name) => new Option(name, name, false, name === view.pipeline)),
    );
    this.#refresh();
  }

  /** Says something over the picture; nothing takes it away again. */
  note(words: string): void {
    this.#note.textContent = words;
    this.#note.hidden = words === "";
  }

  get #actions(): Record<string, () => void> {
    return {
      in: () => this.picture.zoom(1.25),
      out: () => this.picture.zoom(0.8),
      fit: () => this.picture.fit(),
      turn: () => this.picture.turn(),
      save: () => {
        const svg = this.picture.svg();
        if (svg !== undefined) {
          this.tell({ kind: "save", svg });
        }
      },
    };
  }

  #key(event: KeyboardEvent): void {
    const typing = event.target instanceof HTMLInputElement;
    if (typing || event.target instanceof HTMLSelectElement) {
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const keys: Record<string, () => void> = {
      "+": () => this.picture.zoom(1.25),
      "=": () => this.picture.zoom(1.25),
      "-": () => this.picture.zoom(0.8),
      "0": () => this.picture.fit(),
      "/": () => this.#search.focus(),
      t: () => this.picture.turn(),
      s: () => this.#actions["save"]?.(),
      Escape: () => this.picture.focusOn("all"),
    };
    const focus = FOCUS_KEYS[event.key];
    const action = focus ? () => this.picture.focusOn(focus) : keys[event.key];
    if (action !== undefined) {
      event.preventDefault();
      action();
    } else if (this.picture.press(event.key)) {
      event.preventDefault();
    }
  }

  #searchKey(event: KeyboardEvent): void {
    if (event.key === "Escape") {
      this.#search.value = "";
      this.#find();
      this.#search.blur();
    } else if (event.key === "Enter") {
      const names = this.#find();
      const step = event.shiftKey ? -1 : 1;
      const next = names.at((this.#turn - (event.shiftKey ? 2 : 0)) % Math.max(1, names.length));
      this.#turn += step;
      if (next !== undefined) {
        if (this.picture.focus !== "all") {
          this.picture.focusOn("all");
        }
        this.picture.choose(next);
      }
    }
  }

  #find(): readonly string[] {
    const words = this.#search.value.trim();
    const names = this.picture.search(words === "" ? undefined : words);
    this.#search.setAttribute("aria-description", words === "" ? "" : `${names.length} found`);
    this.#search.classList.toggle("nothing", words !== "" && names.length === 0);
    return names;
  }

  #refresh(): void {
    const chosen = this.picture.chosen;
    for (const button of this.#focus) {
      const is = button.dataset["focus"] === this.picture.focus;
      button.setAttribute("aria-pressed", String(is));
      button.disabled = chosen === undefined && button.dataset["focus"] !== "all";
    }
    const said: Node[] = [];
    if (chosen !== undefined) {
      const title = made("h2", chosen.name);
      if (chosen.type !== "") {
        title.append(made("code", chosen.type));
      }
      if (chosen.kind !== "input") {
        const run = made("button", "Run to here");
        run.addEventListener("click", () => this.tell({ kind: "run", name: chosen.name }));
        title.append(run);
      }
      said.push(title);
      const last = chosen.last ? `Last run: ${chosen.last.text}` : "";
      const facts = [chosen.doc, ...chosen.notes, last];
      said.push(...facts.filter(Boolean).map((line) => made("p", line)));
    }
    said.push(...(chosen?.problems ?? []).map((problem) => this.#problem(problem)));
    said.push(...(this.#view?.problems ?? []).map((problem) => this.#problem(problem)));
    const holes = this.#view?.holes ?? [];
    said.push(...holes.map((hole) => made("p", `Not all can be read: ${hole}`)));
    const { drawn, all } = this.picture.counts;
    if (drawn < all) {
      said.push(made("p", `${drawn} of ${all} boxes are shown.`));
    }
    if (this.#view?.last) {
      said.push(this.#lastRun(this.#view.last));
    }
    this.#details.replaceChildren(...said);
    this.#details.hidden = said.length === 0;
  }

  #lastRun({ text, ended }: LastRun): HTMLElement {
    const line = made("p", "");
    line.className = ended === "failed" ? "error" : "";
    const button = made("button", "Last run");
    button.title = "What each step did in it";
    button.addEventListener("click", () => this.tell({ kind: "lastRun" }));
    line.append(button, ` ${text}`);
    return line;
  }

  #problem({ code, message, severity }: Problem): HTMLElement {
    const line = made("p", "");
    line.className = severity;
    const button = made("button", code);
    button.title = `What ${code} means`;
    button.addEventListener("click", () => this.tell({ kind: "rule", code }));
    line.append(button, ` ${message}`);
    return line;
  }
}

function made<K extends "p" | "h2" | "code" | "button">(kind: K, words: string) {
  const element = document.createElement(kind);
  element.textContent = words;
  return element;
}

function get<T extends HTMLElement>(id: string, kind: abstract new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) {
    throw new Error(`the page has no #${id}`);
  }
  return found;
}
