/** What is drawn and from where it is seen: the graph, the chosen step, the focus, the camera. */

import type { Edge, Vertex, View } from "../graph/protocol";
import { type Camera, fitted, kept, opening, showing, zoomed } from "./camera";
import { type Box, type Direction, type Layout, layout, type Point } from "./layout";
import { saved } from "./save";
import { Scene } from "./scene";
import { type Focus, reach, shown } from "./shown";
import { step } from "./step";

/** What outlives the page, where VS Code takes it away and brings it back. */
interface State {
  readonly chosen: string | undefined;
  readonly focus: Focus;
  readonly root: string | undefined;
  readonly direction: Direction;
  readonly camera: Camera | undefined;
}

interface Outside {
  readonly open: (name: string) => void;
  readonly keep: (state: State) => void;
  readonly kept: unknown;
}

export class Picture {
  readonly #scene: Scene;
  readonly #outside: Outside;
  #state: State;
  #view: View | undefined;
  #names: ReadonlySet<string> = new Set();
  #boxes: ReadonlyMap<string, Box> = new Map();
  #layout: Layout | undefined;
  #signature = "";
  /** Whether the camera is where `fit` put it: then it goes along with the size of the view. */
  #isFitted = false;
  #found: ReadonlySet<string> | undefined;
  /** Called whenever what is chosen, focused or shown has changed. */
  changed: () => void = () => {};

  constructor(parent: HTMLElement, outside: Outside) {
    this.#scene = new Scene(parent);
    this.#outside = outside;
    this.#state = stateOf(outside.kept);
    this.#listen(parent);
  }

  get focus(): Focus {
    return this.#state.focus;
  }

  get chosen(): Vertex | undefined {
    return this.#view?.nodes.find(({ name }) => name === this.#state.chosen);
  }

  /** How many of the graph's boxes are drawn, and how many there are. */
  get counts(): { readonly drawn: number; readonly all: number } {
    return { drawn: this.#names.size, all: this.#view?.total ?? 0 };
  }

  /** Draws a new state of the graph; what is looked at stays where it is. */
  show(view: View): void {
    if (this.#view !== undefined && this.#view.pipeline !== view.pipeline) {
      this.#set({ focus: "all", root: undefined, camera: undefined });
    }
    this.#view = view;
    this.#refresh();
  }

  /** The cursor of the editor is in these steps now. */
  follow(names: readonly string[]): void {
    const { chosen, focus } = this.#state;
    // A focus stays what it is: steps outside of it are not gone to.
    const there = names.filter((name) => focus === "all" || this.#names.has(name));
    const next = chosen !== undefined && there.includes(chosen) ? chosen : there[0];
    if (next !== undefined && next !== chosen) {
      this.choose(next);
    }
  }

  /** Chooses a box and brings it into view. */
  choose(name: string): void {
    this.#set({ chosen: name });
    if (!this.#names.has(name) && this.#state.focus === "all") {
      this.#refresh();
    }
    const [middle, box] = [this.#layout?.boxes.get(name), this.#boxes.get(name)];
    if (middle !== undefined && box !== undefined) {
      this.#bring(middle, box);
    }
    this.#mark();
  }

  /** Shows only what the chosen step needs or feeds, or all again. */
  focusOn(focus: Focus): void {
    const root = focus === "all" ? undefined : this.#state.chosen;
    this.#set({ focus: root === undefined ? "all" : focus, root });
    this.#refresh();
  }

  /** Marks what a name is part of; `undefined` ends the search. Gives the names found. */
  search(words: string | undefined): readonly string[] {
    const wanted = words?.toLowerCase();
    const names = (this.#view?.nodes ?? [])
      .map(({ name }) => name)
      .filter((name) => wanted !== undefined && name.toLowerCase().includes(wanted));
    this.#found = wanted === undefined ? undefined : new Set(names);
    this.#mark();
    return names;
  }

  fit(): void {
    if (this.#layout !== undefined) {
      this.#look(fitted(this.#layout, this.#scene.screen));
      this.#isFitted = true;
    }
  }

  zoom(factor: number, point?: Point): void {
    const { width, height } = this.#scene.screen;
    this.#look(zoomed(this.#camera, point ?? { x: width / 2, y: height / 2 }, factor));
  }

  turn(): void {
    this.#set({ direction: this.#state.direction === "TB" ? "LR" : "TB", camera: undefined });
    this.#refresh();
  }

  /** The picture as SVG; `undefined` where nothing is drawn. */
  svg(): string | undefined {
    return this.#layout && saved(this.#scene.svg, this.#layout);
  }

  /** Goes from box to box; says whether the key meant that. */
  press(key: string): boolean {
    const { chosen } = this.#state;
    if (this.#layout === undefined || !/^Arrow/.test(key)) {
      return false;
    }
    const start = chosen !== undefined && this.#names.has(chosen) ? chosen : undefined;
    const next =
      start === undefined
        ? [...this.#names][0]
        : step(this.#layout, this.#view?.edges ?? [], start, key, this.#state.direction);
    if (next !== undefined) {
      this.choose(next);
      this.#scene.focus(next);
    }
    return true;
  }

  get #camera(): Camera {
    return this.#state.camera ?? { x: 0, y: 0, scale: 1 };
  }

  #refresh(): void {
    const view = this.#view;
    if (view === undefined) {
      return;
    }
    const { focus, root, chosen, direction } = this.#state;
    this.#names = shown(view, focus, root ?? chosen);
    const vertices = view.nodes.filter(({ name }) => this.#names.has(name));
    const edges = view.edges.filter(
      ({ source, target }) => this.#names.has(source) && this.#names.has(target),
    );
    const boxes = vertices.map((vertex) => this.#scene.box(vertex));
    const arrows = edges.map((edge: Edge) => this.#scene.arrow(edge));
    const signature = JSON.stringify([direction, boxes, arrows]);
    this.#boxes = new Map(boxes.map((box) => [box.name, box]));
    if (this.#layout === undefined || signature !== this.#signature) {
      const before = this.#layout;
      this.#layout = layout(boxes, arrows, direction);
      this.#signature = signature;
      this.#settle(before, this.#layout);
    }
    this.#scene.draw(view, this.#layout, this.#boxes);
    this.#mark();
  }

  /** After a new layout: what the person looks at is where it was. */
  #settle(before: Layout | undefined, after: Layout): void {
    if (this.#state.camera === undefined) {
      const { chosen } = this.#state;
      const middle = after.boxes.get(chosen ?? "") ?? [...after.boxes.values()][0];
      const whole = fitted(after, this.#scene.screen);
      const camera = opening(after, this.#scene.screen, middle);
      this.#look(camera);
      this.#isFitted = camera.scale === whole.scale;
      return;
    }
    const anchor = before && this.#anchor(before, after);
    if (anchor !== undefined) {
      this.#look(kept(this.#camera, anchor.before, anchor.after));
    } else {
      this.#scene.move(this.#camera);
    }
  }

  /** The chosen box, or else the one nearest to the middle of the screen, in both layouts. */
  #anchor(before: Layout, after: Layout): { before: Point; after: Point } | undefined {
    const { x, y, scale } = this.#camera;
    const { width, height } = this.#scene.screen;
    const middle = { x: (width / 2 - x) / scale, y: (height / 2 - y) / scale };
    let best: { before: Point; after: Point } | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const [name, old] of before.boxes) {
      const now = after.boxes.get(name);
      const isChosen = name === this.#state.chosen;
      const far = isChosen ? -1 : Math.hypot(old.x - middle.x, old.y - middle.y);
      if (now !== undefined && far < least) {
        least = far;
        best = { before: old, after: now };
      }
    }
    return best;
  }

  #mark(): void {
    const { chosen } = this.#state;
    const related =
      chosen === undefined ? new Set<string>() : reach(this.#view?.edges ?? [], chosen, "both");
    this.#scene.mark({ chosen, related, found: this.#found });
    this.changed();
  }

  #look(camera: Camera): void {
    this.#isFitted = false;
    this.#set({ camera });
    this.#scene.move(camera);
  }

  #set(changes: Partial<State>): void {
    this.#state = { ...this.#state, ...changes };
    this.#outside.keep(this.#state);
  }

  /** The view has another size: all of it is shown again, or at least what is chosen. */
  #resized(): void {
    const { chosen } = this.#state;
    const [middle, box] = [this.#layout?.boxes.get(chosen ?? ""), this.#boxes.get(chosen ?? "")];
    if (this.#isFitted) {
      this.fit();
    } else if (middle !== undefined && box !== undefined) {
      this.#bring(middle, box);
    }
  }

  #bring(middle: Point, box: Box): void {
    const [before, after] = [this.#camera, showing(this.#camera, middle, box, this.#scene.screen)];
    if (before.x !== after.x || before.y !== after.y) {
      this.#look(after);
    }
  }

  #listen(parent: HTMLElement): void {
    new ResizeObserver(() => this.#resized()).observe(parent);
    let from: { readonly x: number; readonly y: number; readonly camera: Camera } | undefined;
    let moved = false;
    parent.addEventListener("pointerdown", (event) => {
      from = { x: event.clientX, y: event.clientY, camera: this.#camera };
      moved = false;
    });
    parent.addEventListener("pointermove", (event) => {
      if (from === undefined || event.buttons === 0) {
        return;
      }
      const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
      if (!moved && Math.hypot(dx, dy) > 4) {
        moved = true;
        parent.setPointerCapture(event.pointerId);
      }
      if (moved) {
        this.#look({ ...from.camera, x: from.camera.x + dx, y: from.camera.y + dy });
      }
    });
    parent.addEventListener("click", (event) => {
      const name = nameOf(event.target);
      if (!moved && name !== undefined) {
        this.choose(name);
        this.#outside.open(name);
      }
    });
    parent.addEventListener("keydown", (event) => {
      const name = nameOf(event.target);
      if (name !== undefined && (event.key === "Enter" || event.key === " ")) {
        event.preventDefault();
        this.#outside.open(name);
      }
    });
    parent.addEventListener("focusin", (event) => {
      const name = nameOf(event.target);
      if (name !== undefined && name !== this.#state.chosen) {
        this.choose(name);
      }
    });
    const turned = (event: WheelEvent) => {
      event.preventDefault();
      const box = parent.getBoundingClientRect();
      const point = { x: event.clientX - box.left, y: event.clientY - box.top };
      if (event.ctrlKey || event.metaKey) {
        this.zoom(Math.exp(-event.deltaY * 0.005), point);
      } else {
        const { x, y, scale } = this.#camera;
        this.#look({ x: x - event.deltaX, y: y - event.deltaY, scale });
      }
    };
    parent.addEventListener("wheel", turned, { passive: false });
  }
}

function nameOf(target: EventTarget | null): string | undefined {
  const box = target instanceof Element ? target.closest<SVGGElement>("g.box") : null;
  return box?.dataset["name"];
}

/** What was kept, as far as it is what was kept by this version. */
function stateOf(keptBefore: unknown): State {
  const was = (typeof keptBefore === "object" ? keptBefore : null) as Partial<State> | null;
  return {
    chosen: typeof was?.chosen === "string" ? was.chosen : undefined,
    focus: "all",
    root: undefined,
    direction: was?.direction === "LR" ? "LR" : "TB",
    camera: undefined,
  };
}
