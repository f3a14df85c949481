/** A first pipeline to look at, in a file that is nowhere yet. One name in it is misspelt on purpose. */

import * as vscode from "vscode";

const EXAMPLE = `\
"""Answers a question from a document. One parameter is misspelt: see what the editor says."""

from stepwell.modifiers import tag


def passages(question: str, document: str) -> list[str]:
    """The paragraphs that share a word with the question."""
    words = set(question.lower().split())
    return [part for part in document.split("\\n\\n") if words & set(part.lower().split())]


def prompt(question: str, pasages: list[str]) -> str:
    """What a model would be asked."""
    return "\\n\\n".join([*passages, question])


@tag(stage="last")
def answer(prompt: str) -> str:
    """Put a call of your model here."""
    return prompt.upper()
`;

export async function example(): Promise<void> {
  const document = await vscode.workspace.openTextDocument({
    language: "python",
    content: EXAMPLE,
  });
  await vscode.window.showTextDocument(document);
}
