/** What the server answers to `stepwell/graph`, and what the extension and its view say to each other. */

export interface Position {
  readonly line: number;
  readonly character: number;
}

export interface Range {
  readonly start: Position;
  readonly end: Position;
}

export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly severity: "error" | "warning" | "hint";
}

/** Where a vertex is written: its name, and all that belongs to it. */
export interface Written {
  readonly uri: string;
  readonly name: Range;
  readonly body: Range | null;
}

/** What a step did when it ran last; `text` says all of it in a line. */
export interface Figure {
  readonly time: string;
  readonly tokens: string;
  readonly cost: string;
  /** The class of what it raised; empty where it raised nothing. */
  readonly error: string;
  /** Whether its text was another one then. */
  readonly changed: boolean;
  /** Whether that was a run before the pipeline's last. */
  readonly earlier: boolean;
  readonly text: string;
}

/** The last run of a pipeline; `text` says all of it in a line. */
export interface LastRun {
  readonly id: string;
  readonly ended: string;
  readonly text: string;
}

export interface Vertex {
  readonly name: string;
  readonly kind: "step" | "field" | "input" | "choice";
  readonly type: string;
  readonly doc: string;
  readonly notes: readonly string[];
  readonly target: boolean;
  readonly stale: boolean;
  readonly places: readonly Written[];
  readonly problems: readonly Problem[];
  readonly last?: Figure | null;
}

export interface Edge {
  readonly source: string;
  readonly target: string;
  readonly label: string;
  readonly optional: boolean;
  readonly wrong: boolean;
}

export interface Run {
  readonly files: readonly string[];
  readonly targets: readonly string[];
  readonly config: Readonly<Record<string, unknown>> | null;
}

/** One pipeline, and the names of all that the file is part of. */
export interface View {
  readonly pipeline: string;
  readonly pipelines: readonly string[];
  /** How many vertices there are; of very many, only those near the cursor are told. */
  readonly total: number;
  readonly nodes: readonly Vertex[];
  readonly edges: readonly Edge[];
  readonly problems: readonly Problem[];
  readonly holes: readonly string[];
  readonly run: Run;
  readonly last?: LastRun | null;
}

export type ToView =
  | { readonly kind: "graph"; readonly view: View }
  /** The vertices that the cursor of the editor is in. */
  | { readonly kind: "cursor"; readonly names: readonly string[] }
  /** There is nothing to draw, and why. */
  | { readonly kind: "note"; readonly text: string };

export type FromView =
  | { readonly kind: "ready" }
  | { readonly kind: "open"; readonly name: string }
  | { readonly kind: "pipeline"; readonly name: string }
  | { readonly kind: "rule"; readonly code: string }
  | { readonly kind: "run"; readonly name: string }
  | { readonly kind: "lastRun" }
  | { readonly kind: "save"; readonly svg: string };
