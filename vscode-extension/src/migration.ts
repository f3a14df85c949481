/** What `stepwell migrate` says: changes of lines by file, and what has no counterpart. Pure. */

/** Lines from `start` (from 0) up to `end`, and what comes in their place. */
export interface Change {
  readonly start: number;
  readonly end: number;
  readonly lines: readonly string[];
}

export interface Migration {
  readonly files: ReadonlyMap<string, readonly Change[]>;
  readonly gaps: readonly string[];
}

/** The command's words after `python`; the path is one from the folder that it runs in. */
export function command(path: string): string[] {
  return ["-m", "stepwell", "migrate", "--", path];
}

/** Reads a unified diff with the gaps listed behind it. */
export function migration(told: string): Migration {
  const files = new Map<string, Change[]>();
  const gaps: string[] = [];
  let changes: Change[] = [];
  let line = 0; // of the old text, from 0
  let left = 0; // lines of the old text that the hunk still has
  let coming = 0; // and of the new
  let removed = 0;
  let added: string[] = [];
  const close = () => {
    if (removed > 0 || added.length > 0) {
      changes.push({ start: line - removed, end: line, lines: added });
      removed = 0;
      added = [];
    }
  };
  for (const row of told.split("\n")) {
    const hunk = /^@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(row);
    if (left > 0 || coming > 0) {
      if (row.startsWith("-")) {
        removed += 1;
        line += 1;
        left -= 1;
      } else if (row.startsWith("+")) {
        added.push(row.slice(1));
        coming -= 1;
      } else if (!row.startsWith("\\")) {
        close();
        line += 1;
        left -= 1;
        coming -= 1;
      }
      if (left <= 0 && coming <= 0) {
        close();
      }
    } else if (hunk !== null) {
      left = Number(hunk[2] ?? 1);
      coming = Number(hunk[3] ?? 1);
      // A hunk that takes nothing away names the line before it.
      line = Number(hunk[1]) - (left === 0 ? 0 : 1);
    } else if (row.startsWith("+++ ")) {
      changes = [];
      files.set(name(row.slice(4)), changes);
    } else if (row !== "" && !row.startsWith("--- ")) {
      gaps.push(row);
    }
  }
  return { files, gaps };
}

/** A path without what a diff puts around it. */
function name(path: string): string {
  return (path.split("\t")[0] ?? "").trimEnd().replace(/^b\//, "");
}
