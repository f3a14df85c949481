/** How the figures of a last run are shown in a box. Pure. */

import type { Figure } from "../graph/protocol";

/** What went wrong, or how long it took; then tokens and cost, where there were any. */
export function figures({ time, tokens, cost, error }: Figure): string {
  const parts = [error === "" ? time : `✗ ${error}`, tokens, cost];
  return parts.filter((part) => part !== "").join(" · ");
}

/** `failed`, and `old` where the figures are not of the step as it is, or not of the last run. */
export function lookOf({ error, changed, earlier }: Figure): string {
  return [error === "" ? "" : "failed", changed || earlier ? "old" : ""].filter(Boolean).join(" ");
}
