/** The code lens's command: lists the places that read a step, as VS Code lists references. */

import * as vscode from "vscode";
import type { ClientCapabilities, Location, Position, StaticFeature } from "vscode-languageclient";

const SHOW = "stepwell.showReferences";

/** Tells the server that a lens may carry the command. */
export const lensCommands: StaticFeature = {
  fillClientCapabilities(capabilities: ClientCapabilities) {
    capabilities.experimental = { ...capabilities.experimental, commands: [SHOW] };
  },
  initialize() {},
  getState: () => ({ kind: "static" }),
  clear() {},
};

export function register(): vscode.Disposable {
  return vscode.commands.registerCommand(
    SHOW,
    (uri: string, position: Position, places: readonly Location[]) =>
      vscode.commands.executeCommand(
        "editor.action.showReferences",
        vscode.Uri.parse(uri),
        at(position),
        places.map(
          ({ uri, range }) =>
            new vscode.Location(
              vscode.Uri.parse(uri),
              new vscode.Range(at(range.start), at(range.end)),
            ),
        ),
      ),
  );
}

function at({ line, character }: Position): vscode.Position {
  return new vscode.Position(line, character);
}
