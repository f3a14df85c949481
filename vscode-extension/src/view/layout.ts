/** Where every box and arrow goes. Pure: sizes in, places out; dagre does the work. */

import { Graph, layout as place } from "@dagrejs/dagre";

export interface Box {
  readonly name: string;
  readonly width: number;
  readonly height: number;
}

export interface Arrow {
  readonly source: string;
  readonly target: string;
  /** The size of its label; nothing where it has none. */
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** An arrow's way, and the middle of its label. */
export interface Way {
  readonly source: string;
  readonly target: string;
  readonly points: readonly Point[];
  readonly label: Point;
}

export interface Layout {
  /** The middle of every box. */
  readonly boxes: ReadonlyMap<string, Point>;
  readonly ways: readonly Way[];
  readonly width: number;
  readonly height: number;
}

export type Direction = "TB" | "LR";

/**
 * The layout of these boxes. The order in which they are given decides where nothing else does, so
 * that the same graph, and nearly the same graph, looks the same again.
 */
export function layout(
  boxes: readonly Box[],
  arrows: readonly Arrow[],
  direction: Direction,
): Layout {
  const graph = new Graph({ multigraph: false });
  graph.setGraph({
    rankdir: direction,
    nodesep: direction === "TB" ? 28 : 16,
    edgesep: 12,
    ranksep: direction === "TB" ? 38 : 56,
    marginx: 16,
    marginy: 16,
    ranker: boxes.length > 150 ? "tight-tree" : "network-simplex",
  });
  // Numbers, since dagre keeps what it is given in plain objects: a step may be called `__proto__`.
  const numbers = new Map(boxes.map(({ name }, index) => [name, `${index}`]));
  const number = (name: string) => numbers.get(name) ?? "";
  for (const { name, width, height } of boxes) {
    graph.setNode(number(name), { width, height });
  }
  for (const { source, target, width, height } of arrows) {
    graph.setEdge(number(source), number(target), { width, height, labelpos: "c" });
  }
  place(graph);
  return {
    boxes: new Map(boxes.map(({ name }) => [name, pointOf(graph.node(number(name)))])),
    ways: arrows.map(({ source, target }) => {
      const edge = graph.edge(number(source), number(target));
      const points = (edge?.points ?? []).map(pointOf);
      const middle = points[Math.floor(points.length / 2)] ?? { x: 0, y: 0 };
      return { source, target, points, label: edge?.x === undefined ? middle : pointOf(edge) };
    }),
    width: graph.graph().width ?? 0,
    height: graph.graph().height ?? 0,
  };
}

function pointOf(point: { x?: number | undefined; y?: number | undefined } | undefined): Point {
  return { x: point?.x ?? 0, y: point?.y ?? 0 };
}

/** The SVG path through these points, its corners rounded. */
export function path(points: readonly Point[]): string {
  const [first, ...rest] = points;
  const last = rest.at(-1);
  if (first === undefined || last === undefined) {
    return "";
  }
  let drawn = `M${at(first)}`;
  rest.slice(0, -1).forEach((corner, index) => {
    const next = rest[index + 1] ?? last;
    drawn += index === 0 ? ` L${at(between(first, corner))}` : "";
    drawn += ` Q${at(corner)} ${at(between(corner, next))}`;
  });
  return `${drawn} L${at(last)}`;
}

/** The corners of an arrow's head at the end of its way. */
export function head(points: readonly Point[], size = 7): string {
  const tip = points.at(-1);
  const before = points.at(-2);
  if (tip === undefined || before === undefined) {
    return "";
  }
  const length = Math.hypot(tip.x - before.x, tip.y - before.y) || 1;
  const [dx, dy] = [(tip.x - before.x) / length, (tip.y - before.y) / length];
  const back = { x: tip.x - dx * size, y: tip.y - dy * size };
  const half = size / 2;
  const corners = [
    tip,
    { x: back.x - dy * half, y: back.y + dx * half },
    { x: back.x + dy * half, y: back.y - dx * half },
  ];
  return corners.map(at).join(" ");
}

function between(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}

function at({ x, y }: Point): string {
  return `${Math.round(x * 10) / 10},${Math.round(y * 10) / 10}`;
}
