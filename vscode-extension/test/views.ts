/** Small graphs to test with. */
import type { Edge, Vertex, View } from "../src/graph/protocol";

export function range([line = 0, character = 0, endLine = 0, endCharacter = 0]: readonly number[]) {
  return { start: { line, character }, end: { line: endLine, character: endCharacter } };
}

export function vertex(name: string, more: Partial<Vertex> = {}): Vertex {
  return {
    ...{ name, kind: "step", type: "str", doc: "", notes: [], target: false, stale: false },
    ...{ places: [], problems: [] },
    ...more,
  };
}

/** Written as `a>b`; `a?b` where `b` does without. */
export function edge(written: string): Edge {
  const [source = "", target = ""] = written.split(/[>?]/);
  return { source, target, label: "", optional: written.includes("?"), wrong: false };
}

export function view(nodes: readonly Vertex[], edges: readonly string[] = []): View {
  return {
    ...{
      pipeline: "flow",
      pipelines: ["flow"],
      total: nodes.length,
      nodes,
      edges: edges.map(edge),
    },
    ...{ problems: [], holes: [], run: { files: ["/w/flow.py"], targets: [], config: null } },
  };
}
