/** Which part of a graph is shown: all of it, what a step needs or feeds, or what is near. Pure. */

import type { Edge, View } from "../graph/protocol";

export type Focus = "all" | "up" | "down" | "both";

/** Boxes beyond which only what lies near is drawn: a page of a thousand boxes shows nothing. */
export const LIMIT = 250;

/** What `name` needs (`up`) or feeds (`down`), itself included. */
export function reach(edges: readonly Edge[], name: string, focus: Exclude<Focus, "all">) {
  const found = new Set([name]);
  const walk = (from: "source" | "target", to: "source" | "target") => {
    const next = grouped(edges, from, to);
    const seen = new Set([name]);
    for (const at of seen) {
      for (const other of next.get(at) ?? []) {
        seen.add(other);
        found.add(other);
      }
    }
  };
  if (focus !== "down") {
    walk("target", "source");
  }
  if (focus !== "up") {
    walk("source", "target");
  }
  return found;
}

/** The names to draw. */
export function shown(
  view: View,
  focus: Focus,
  chosen: string | undefined,
  limit = LIMIT,
): ReadonlySet<string> {
  const all = new Set(view.nodes.map(({ name }) => name));
  const isThere = chosen !== undefined && all.has(chosen);
  const wanted =
    focus === "all" || !isThere
      ? all
      : new Set([...reach(view.edges, chosen, focus)].filter((name) => all.has(name)));
  if (wanted.size <= limit) {
    return wanted;
  }
  const target = view.nodes.find((node) => node.target && wanted.has(node.name));
  const start = isThere ? chosen : (target ?? view.nodes.find((n) => wanted.has(n.name)))?.name;
  return start === undefined ? wanted : nearest(view.edges, start, wanted, limit);
}

/** The `limit` names of `wanted` that are the fewest arrows away from `start`. */
function nearest(
  edges: readonly Edge[],
  start: string,
  wanted: ReadonlySet<string>,
  limit: number,
): Set<string> {
  const feeds = grouped(edges, "source", "target");
  const needs = grouped(edges, "target", "source");
  const found = new Set([start]);
  for (const at of found) {
    for (const other of [...(needs.get(at) ?? []), ...(feeds.get(at) ?? [])]) {
      if (found.size >= limit) {
        return found;
      }
      if (wanted.has(other)) {
        found.add(other);
      }
    }
  }
  return found;
}

/** From every name to its neighbours in one direction. */
export function grouped(
  edges: readonly Edge[],
  from: "source" | "target",
  to: "source" | "target",
): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const edge of edges) {
    const there = found.get(edge[from]);
    if (there === undefined) {
      found.set(edge[from], [edge[to]]);
    } else {
      there.push(edge[to]);
    }
  }
  return found;
}
