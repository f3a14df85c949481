/** The picture itself: boxes and arrows as SVG. Every word in it is text, never markup. */

import type { Edge, Vertex, View } from "../graph/protocol";
import type { Camera, Size } from "./camera";
import { figures, lookOf } from "./figures";
import { type Arrow, type Box, head, type Layout, type Point, path } from "./layout";

const NAMESPACE = "http://www.w3.org/2000/svg";
const LONGEST = 40;
const SIDE = 12;
const NAME = { size: 13, line: 19, weight: "600 " };
const SMALL = { size: 11, line: 16, weight: "" };

/** What has to be marked. */
export interface Marks {
  readonly chosen: string | undefined;
  /** What the chosen one needs and feeds; the arrows between these are drawn strong. */
  readonly related: ReadonlySet<string>;
  /** What a search found; `undefined` where none is going on. */
  readonly found: ReadonlySet<string> | undefined;
}

export class Scene {
  readonly svg = made("svg", { role: "group" });
  readonly #world = made("g");
  readonly #arrows = made("g");
  readonly #boxes = made("g");
  readonly #drawn = new Map<string, SVGGElement>();
  readonly #pen = document.createElement("canvas").getContext("2d");

  constructor(parent: HTMLElement) {
    this.#world.append(this.#arrows, this.#boxes);
    this.svg.append(this.#world);
    parent.append(this.svg);
  }

  get screen(): Size {
    return { width: this.svg.clientWidth, height: this.svg.clientHeight };
  }

  /** How large a box will be. */
  box(vertex: Vertex): Box {
    const small = linesOf(vertex).map(({ words }) => words);
    const widths = [
      this.#width(cut(vertex.name), NAME) + (vertex.problems.length > 0 ? 22 : 0),
      ...small.map((line) => this.#width(line, SMALL)),
    ];
    return {
      name: vertex.name,
      width: Math.ceil(Math.max(56, ...widths) + 2 * SIDE),
      height: NAME.line + small.length * SMALL.line + 14,
    };
  }

  /** How much room an arrow's label takes. */
  arrow({ source, target, label }: Edge): Arrow {
    const width = label === "" ? 0 : Math.ceil(this.#width(cut(label), SMALL)) + 8;
    return { source, target, width, height: label === "" ? 0 : SMALL.line };
  }

  /** Draws what the layout has a place for, and takes away what it has none for. */
  draw(view: View, layout: Layout, boxes: ReadonlyMap<string, Box>): void {
    const steps = view.nodes.filter(({ kind }) => kind !== "input").length;
    this.svg.setAttribute("aria-label", `Pipeline ${view.pipeline}, ${steps} steps`);
    for (const [name, element] of this.#drawn) {
      if (!layout.boxes.has(name)) {
        element.remove();
        this.#drawn.delete(name);
      }
    }
    const missing = new Set(view.edges.filter(({ wrong }) => wrong).map(({ source }) => source));
    for (const vertex of view.nodes) {
      const [middle, box] = [layout.boxes.get(vertex.name), boxes.get(vertex.name)];
      if (middle !== undefined && box !== undefined) {
        this.#box(vertex, middle, box, vertex.kind === "input" && missing.has(vertex.name));
      }
    }
    this.#order(view);
    const edges = new Map(view.edges.map((edge) => [key(edge.source, edge.target), edge]));
    this.#arrows.replaceChildren(
      ...layout.ways.map((way) => {
        const edge = edges.get(key(way.source, way.target));
        return drawnArrow(way.points, way.label, way.source, way.target, edge);
      }),
    );
  }

  mark({ chosen, related, found }: Marks): void {
    for (const [name, element] of this.#drawn) {
      element.classList.toggle("chosen", name === chosen);
      element.classList.toggle("found", found?.has(name) === true);
      element.classList.toggle("dim", found !== undefined && !found.has(name));
      element.setAttribute("tabindex", name === chosen ? "0" : "-1");
      element.setAttribute("aria-current", String(name === chosen));
    }
    if (chosen === undefined || !this.#drawn.has(chosen)) {
      this.#boxes.firstElementChild?.setAttribute("tabindex", "0");
    }
    for (const element of this.#arrows.children) {
      const { source = "", target = "" } = (element as SVGGElement).dataset;
      element.classList.toggle("related", related.has(source) && related.has(target));
      element.classList.toggle("dim", found !== undefined);
    }
  }

  move({ x, y, scale }: Camera): void {
    this.#world.setAttribute("transform", `translate(${x} ${y}) scale(${scale})`);
  }

  focus(name: string): void {
    this.#drawn.get(name)?.focus({ preventScroll: true });
  }

  #box(vertex: Vertex, middle: Point, box: Box, missing: boolean): void {
    let element = this.#drawn.get(vertex.name);
    if (element === undefined) {
      element = made("g", { role: "button" });
      element.dataset["name"] = vertex.name;
      this.#drawn.set(vertex.name, element);
    }
    const worst = vertex.problems.some(({ severity }) => severity === "error");
    const look = vertex.problems.length > 0 ? (worst ? "error" : "warning") : "";
    const looks = ["box", vertex.kind, look, vertex.target ? "target" : ""];
    looks.push(vertex.stale ? "stale" : "", missing ? "missing" : "");
    // What the search and the cursor marked stays until they are asked again.
    const marks = ["chosen", "found", "dim"].filter((mark) => element?.classList.contains(mark));
    element.setAttribute("class", [...looks, ...marks].filter(Boolean).join(" "));
    element.setAttribute("aria-label", spoken(vertex, missing));
    const [left, top] = [middle.x - box.width / 2, middle.y - box.height / 2];
    element.style.transform = `translate(${left}px, ${top}px)`;
    element.replaceChildren(...parts(vertex, box));
  }

  /** Boxes stand in the order of the view. One that is in its place is not moved: it may have the focus. */
  #order(view: View): void {
    let next = this.#boxes.firstElementChild;
    for (const { name } of view.nodes) {
      const element = this.#drawn.get(name);
      if (element === next) {
        next = next?.nextElementSibling ?? null;
      } else if (element !== undefined) {
        this.#boxes.insertBefore(element, next);
      }
    }
  }

  #width(text: string, font: typeof NAME): number {
    if (this.#pen === null) {
      return text.length * font.size * 0.6;
    }
    this.#pen.font = `${font.weight}${font.size}px ${getComputedStyle(this.svg).fontFamily}`;
    return this.#pen.measureText(text).width;
  }
}

function parts(vertex: Vertex, { width, height }: Box): SVGElement[] {
  const radius = vertex.kind === "input" ? height / 2 : vertex.kind === "field" ? 0 : 5;
  const found = [
    text("title", tip(vertex)),
    made("rect", { width: `${width}`, height: `${height}`, rx: `${Math.min(radius, 18)}` }),
    text("text", cut(vertex.name), { class: "name", x: `${SIDE}`, y: `${7 + 14}` }),
  ];
  linesOf(vertex).forEach(({ words, look }, index) => {
    const y = 7 + NAME.line + 12 + index * SMALL.line;
    found.push(text("text", words, { class: look, x: `${SIDE}`, y: `${y}` }));
  });
  if (vertex.problems.length > 0) {
    const badge = made("g", { class: "badge", transform: `translate(${width - 16} 16)` });
    const count = text("text", `${vertex.problems.length}`, { y: "4", "text-anchor": "middle" });
    badge.append(made("circle", { r: "8" }), count);
    found.push(badge);
  }
  return found;
}

function drawnArrow(
  points: readonly Point[],
  middle: Point,
  source: string,
  target: string,
  edge: Edge | undefined,
): SVGGElement {
  const looks = ["arrow", edge?.optional ? "optional" : "", edge?.wrong ? "wrong" : ""];
  const element = made("g", { class: looks.filter(Boolean).join(" ") });
  element.dataset["source"] = source;
  element.dataset["target"] = target;
  element.append(
    made("path", { d: path(points), fill: "none" }),
    made("polygon", { points: head(points) }),
  );
  if (edge !== undefined && edge.label !== "") {
    const place = { x: `${middle.x}`, y: `${middle.y + 4}`, "text-anchor": "middle" };
    element.append(text("text", cut(edge.label), place));
  }
  return element;
}

interface Line {
  readonly words: string;
  readonly look: string;
}

function linesOf(vertex: Vertex): Line[] {
  const lines = [{ words: vertex.type, look: "type" }];
  lines.push(...vertex.notes.map((words) => ({ words, look: "note" })));
  if (vertex.last) {
    lines.push({ words: figures(vertex.last), look: `last ${lookOf(vertex.last)}`.trim() });
  }
  return lines
    .filter(({ words }) => words !== "")
    .map(({ words, look }) => ({ words: cut(words), look }));
}

function tip(vertex: Vertex): string {
  const head = vertex.type === "" ? vertex.name : `${vertex.name}: ${vertex.type}`;
  const problems = vertex.problems.map(({ code, message }) => `${code} ${message}`);
  const last = vertex.last ? `Last run: ${vertex.last.text}` : "";
  return [head, vertex.doc, ...problems, last].filter((line) => line !== "").join("\n");
}

function spoken(vertex: Vertex, missing: boolean): string {
  const kind = missing ? "missing input" : vertex.kind;
  const problems = vertex.problems.map(({ message }) => message).join("; ");
  const last = vertex.last ? `last run ${vertex.last.text}` : "";
  return [`${kind} ${vertex.name}`, vertex.type, problems, last].filter(Boolean).join(", ");
}

/** A line short enough for a box; what is a line break or has no face is told apart from a space. */
function cut(line: string): string {
  const plain = line.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\u{fffd}");
  const letters = [...plain];
  return letters.length <= LONGEST ? plain : `${letters.slice(0, LONGEST - 1).join("")}…`;
}

export function key(source: string, target: string): string {
  return JSON.stringify([source, target]);
}

function text(
  kind: "text" | "title",
  words: string,
  attributes: Record<string, string> = {},
): SVGElement {
  const element = made(kind, attributes);
  element.textContent = words;
  return element;
}

function made<K extends keyof SVGElementTagNameMap>(
  kind: K,
  attributes: Record<string, string> = {},
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(NAMESPACE, kind);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
  return element;
}
