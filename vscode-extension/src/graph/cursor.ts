/** Which vertices a cursor is in. Pure. */

import type { Position, Range, View } from "./protocol";

/** The names of what is written there: the exact word if there is one, else the smallest body. */
export function under(
  view: View,
  position: Position,
  isHere: (uri: string) => boolean,
): readonly string[] {
  let found: string[] = [];
  let lines = Number.POSITIVE_INFINITY;
  for (const vertex of view.nodes) {
    for (const place of vertex.places) {
      if (!isHere(place.uri)) {
        continue;
      }
      const size = covers(place.name, position) ? -1 : sizeOf(place.body, position);
      if (size < lines) {
        found = [];
        lines = size;
      }
      if (size === lines && size !== Number.POSITIVE_INFINITY) {
        found.push(vertex.name);
      }
    }
  }
  return [...new Set(found)];
}

function sizeOf(body: Range | null, position: Position): number {
  return body !== null && covers(body, position)
    ? body.end.line - body.start.line
    : Number.POSITIVE_INFINITY;
}

function covers(range: Range, at: Position): boolean {
  return isBefore(range.start, at) && isBefore(at, range.end);
}

function isBefore(a: Position, b: Position): boolean {
  return a.line < b.line || (a.line === b.line && a.character <= b.character);
}
