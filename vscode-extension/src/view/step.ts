/** From one box to the next by the arrow keys. Pure. */

import type { Edge } from "../graph/protocol";
import type { Direction, Layout, Point } from "./layout";

const WAYS: Readonly<Record<string, Point>> = {
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
};

/** The box that lies in the direction of the key; along the arrows, one that an arrow joins first. */
export function step(
  layout: Layout,
  edges: readonly Edge[],
  from: string,
  pressed: string,
  direction: Direction,
): string | undefined {
  const here = layout.boxes.get(from);
  const way = WAYS[pressed];
  if (here === undefined || way === undefined) {
    return undefined;
  }
  const joined = new Set(
    edges.flatMap(({ source, target }) =>
      source === from ? [target] : target === from ? [source] : [],
    ),
  );
  const isAlong = (way.y !== 0) === (direction === "TB");
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const [name, there] of layout.boxes) {
    const [dx, dy] = [there.x - here.x, there.y - here.y];
    const along = dx * way.x + dy * way.y;
    const aside = Math.abs(dx * way.y) + Math.abs(dy * way.x);
    const isJoined = isAlong && joined.has(name);
    if (name === from || along <= 1 || (aside > (isAlong ? 4 : 1) * along && !isJoined)) {
      continue;
    }
    const far = along + 2 * aside - (isJoined ? 1_000_000 : 0);
    if (far < least) {
      least = far;
      best = name;
    }
  }
  return best;
}
