/** What a pipeline needs to be run, and the command that runs it. Pure. */

import type { View } from "./graph/protocol";
import { reach } from "./view/shown";

/** An input that has to be given. */
export interface Needed {
  readonly name: string;
  readonly type: string;
}

/** The inputs without which these targets can't be made, in the order of the graph. */
export function needed(view: View, targets: readonly string[]): readonly Needed[] {
  const inside = new Set(targets.flatMap((name) => [...reach(view.edges, name, "up")]));
  const required = new Set(
    view.edges
      .filter(({ target, optional }) => inside.has(target) && !optional)
      .map(({ source }) => source),
  );
  const config = view.run.config ?? {};
  return view.nodes.filter(
    ({ name, kind }) => kind === "input" && required.has(name) && !(name in config),
  );
}

/** The words after `python`: no shell reads them. */
export function command(
  view: View,
  targets: readonly string[],
  inputs: ReadonlyMap<string, string>,
  record: boolean,
): string[] {
  const config = Object.entries(view.run.config ?? {});
  return [
    ...["-m", "stepwell", "run", ...view.run.files],
    ...(record ? ["--store"] : []),
    ...targets.map((name) => `--target=${name}`),
    ...config.map(([key, value]) => `--config=${key}=${JSON.stringify(value)}`),
    ...[...inputs].map(([name, value]) => `--input=${name}=${value}`),
  ];
}
