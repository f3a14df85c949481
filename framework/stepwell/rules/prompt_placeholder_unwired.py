"""A prompt's placeholder that the step does not fill."""

from __future__ import annotations

from collections.abc import Iterator

from stepwell.diagnostic import Diagnostic, Edit, Fix
from stepwell.errors import nearest
from stepwell.graph import Graph
from stepwell.rules.rule import Rule
from stepwell.spec import Prompt, Span


class PromptPlaceholderUnwired(Rule):
    """
    ## What it does
    Checks that a step which formats a prompt fills each placeholder of the
    template, and warns of what it gives that the template never uses.

    ## Why is this bad?
    A placeholder that is not filled is a `KeyError` at run time. What is given
    and not used is not in the prompt: the model never sees it.

    ## Example
    ```python
    PROMPT = "Passages: {passages} Question: {qestion}"

    def prompt(question: str, passages: str) -> str:
        return PROMPT.format(question=question, passages=passages)
    ```

    Use instead:
    ```python
    PROMPT = "Passages: {passages} Question: {question}"

    def prompt(question: str, passages: str) -> str:
        return PROMPT.format(question=question, passages=passages)
    ```
    """

    code = "SW501"
    name = "prompt-placeholder-unwired"
    message = "the prompt's `{{{name}}}` is not filled by `{node}`{cure}"

    def check(self, graph: Graph) -> Iterator[Diagnostic]:
        told: set[Span] = set()
        for node in graph.written:
            if node.stale:
                continue
            for prompt in node.prompts:
                if prompt.span not in told:  # several nodes of one function share its prompts
                    told.add(prompt.span)
                    yield from self._prompt(node.step or node.name, prompt)

    def _prompt(self, step: str, prompt: Prompt) -> Iterator[Diagnostic]:
        wanted = {name for name, _ in prompt.placeholders}
        given = {name for name, _ in prompt.given}
        for name, span in dict(prompt.placeholders).items():
            if name not in given:
                near = nearest(name, given - wanted) or nearest(name, given)
                cure = f"; did you mean `{{{near}}}`?" if near else ""
                # Of a template that is written elsewhere only the place of its use is known.
                there = near and span != prompt.span
                fix = Fix(f"Rename to `{near}`", (Edit(span, near),)) if there else None
                yield self.at(span, fix, node=step, name=name, cure=cure)
        for name, span in dict(prompt.given).items():
            if name not in wanted and not nearest(name, wanted - given):
                yield self.at(
                    span,
                    message="`{node}` gives `{name}` to a prompt that has no `{{{name}}}`",
                    severity="warning",
                    node=step,
                    name=name,
                )
