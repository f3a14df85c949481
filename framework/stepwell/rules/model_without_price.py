"""A model's name with a slip of the pen."""

from __future__ import annotations

from collections.abc import Iterator

from stepwell.diagnostic import Diagnostic
from stepwell.graph import Graph
from stepwell.rules.rule import FunctionRule
from stepwell.spec import Body, Node, Span
from stepwell.spelling import is_slip

MODELS = (
    *("gpt-3.5-turbo", "gpt-4", "gpt-4-turbo", "gpt-4o", "gpt-4o-mini"),
    *("gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano", "gpt-5", "gpt-5-mini", "gpt-5-nano"),
    *("text-embedding-3-small", "text-embedding-3-large", "text-embedding-ada-002"),
    *("deepseek-chat", "deepseek-reasoner", "gemini-2.5-flash", "gemini-2.5-pro"),
)
"""Well-known models. A name that is far from all of them may be anybody's own."""

_ASKS = ("completions.create", "completions.parse", "responses.create", "embeddings.create")


class ModelWithoutPrice(FunctionRule):
    """
    ## What it does
    Checks for the literal name of a model that is almost that of a well-known one.
    Nothing is said of names that are like none: these may be models of your own.

    ## Why is this bad?
    The provider refuses it; or, if it goes through, no price is known for it, and
    the cost of the run is not known either.

    ## Example
    ```python
    def answer(question: str, model: str = "gpt-4o-mnii") -> str:
        return f"{model}: {question}"
    ```

    Use instead:
    ```python
    def answer(question: str, model: str = "gpt-4o-mini") -> str:
        return f"{model}: {question}"
    ```
    """

    code = "SW506"
    name = "model-without-price"
    severity = "hint"
    message = "no price is known for the model `{model}`; did you mean `{near}`?"
    beside = True

    def of_body(self, node: Node, body: Body, graph: Graph) -> Iterator[Diagnostic]:
        for model, span in _models(node, body):
            near = _near(model)
            if near:
                yield self.at(span, node=node.step or node.name, model=model, near=near)


def _models(node: Node, body: Body) -> Iterator[tuple[str, Span | None]]:
    for default in body.defaults:
        if default.keyword == "model" and isinstance(default.value, str):
            yield default.value, body.at(default)
    for bound in node.bound:
        if bound.keyword == "model" and isinstance(bound.value, str):
            yield str(bound.value), node.span
    for call in body.calls:
        if call.keywords and call.written.endswith(_ASKS):
            model = call.keyword("model")
            if isinstance(model, str):
                yield model, body.at(call)


def _near(model: str) -> str:
    if model in MODELS:
        return ""
    return next((each for each in MODELS if is_slip(model, each)), "")
