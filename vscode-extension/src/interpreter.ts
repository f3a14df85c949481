/** Which Python the server runs with. Pure: what it has to know of the world is given to it. */

export type Origin = "setting" | "python extension" | "workspace" | "PATH";

/** A Python that may be used, and who proposed it. */
export interface Candidate {
  readonly path: string;
  readonly origin: Origin;
}

/** What the choice depends on. */
export interface Surroundings {
  /** The setting `stepwell.interpreter`; empty where it is not set. */
  readonly setting: string;
  /** What the Python extension has chosen, if it is there and has. */
  readonly chosen: string | undefined;
  /** The folders of the workspace, in their order. */
  readonly folders: readonly string[];
  /** A workspace that is not trusted proposes nothing: its files would be run. */
  readonly trusted: boolean;
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly exists: (path: string) => boolean;
}

/** The Python to use: the first that was asked for or that is there. */
export function interpreter(around: Surroundings): Candidate {
  const setting = around.setting.trim();
  if (setting !== "") {
    return { path: filledIn(setting, around), origin: "setting" };
  }
  if (around.trusted) {
    if (around.chosen !== undefined && around.chosen !== "") {
      return { path: around.chosen, origin: "python extension" };
    }
    const own = environments(around.folders, around.platform).find(around.exists);
    if (own !== undefined) {
      return { path: own, origin: "workspace" };
    }
  }
  return { path: around.platform === "win32" ? "python" : "python3", origin: "PATH" };
}

/** Where a workspace keeps the Python of its virtual environment, by custom. */
function environments(folders: readonly string[], platform: NodeJS.Platform): string[] {
  const separator = platform === "win32" ? "\\" : "/";
  const inside = platform === "win32" ? ["Scripts", "python.exe"] : ["bin", "python"];
  return folders.flatMap((folder) =>
    [".venv", "venv"].map((name) => [folder, name, ...inside].join(separator)),
  );
}

/** A path of the settings with `~`, `${workspaceFolder}` and `${env:NAME}` filled in. */
export function filledIn(
  path: string,
  around: Pick<Surroundings, "folders" | "home" | "environment">,
): string {
  return path
    .replace(/^~(?=$|[\\/])/, () => around.home)
    .replace(/\$\{workspaceFolder\}/g, () => around.folders[0] ?? "")
    .replace(/\$\{env:(\w+)\}/g, (_, name: string) => around.environment[name] ?? "");
}
