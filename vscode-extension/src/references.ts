/** Commands that the server may name: lists of places as VS Code lists references, and a rename. */

import * as vscode from "vscode";
import type { ClientCapabilities, Location, Position, StaticFeature } from "vscode-languageclient";

const SHOW = "stepwell.showReferences";
const RENAME = "stepwell.rename";
const OPEN_LAST_RUN = "stepwell.openLastRun";

/** Tells the server that lenses and code actions may carry them. */
export const namedCommands: StaticFeature = {
  fillClientCapabilities(capabilities: ClientCapabilities) {
    const commands = [SHOW, RENAME, OPEN_LAST_RUN];
    capabilities.experimental = { ...capabilities.experimental, commands };
  },
  initialize() {},
  getState: () => ({ kind: "static" }),
  clear() {},
};

export function register(): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.commands.registerCommand(SHOW, showReferences),
    vscode.commands.registerCommand(RENAME, rename),
  );
}

async function showReferences(
  uri: string,
  position: Position,
  places: readonly Location[],
): Promise<void> {
  const found = places.map(
    ({ uri, range }) =>
      new vscode.Location(vscode.Uri.parse(uri), new vscode.Range(at(range.start), at(range.end))),
  );
  const from = [vscode.Uri.parse(uri), at(position)];
  await vscode.commands.executeCommand("editor.action.showReferences", ...from, found);
}

/** Asks for another name for what stands there. */
async function rename(uri: string, position: Position): Promise<void> {
  const place = [vscode.Uri.parse(uri), at(position)];
  await vscode.commands.executeCommand("editor.action.rename", place);
}

function at({ line, character }: Position): vscode.Position {
  return new vscode.Position(line, character);
}
