"""Something that can't be a step, given as one."""

from __future__ import annotations

from stepwell.rules.rule import Reported


class NotAStep(Reported):
    """
    ## What it does
    Reports what was given as a step and is no function with a name: a class, a
    lambda, a value. Seen where steps are given one by one, not in the editor.

    ## Why is this bad?
    The name of a step is what it makes and its annotations say what of; a lambda
    has neither.

    ## Example
    ```text
    module_of(lambda document: document[:10])
    ```

    Use instead:
    ```text
    def title(document: str) -> str:
        return document[:10]

    module_of(title)
    ```
    """

    code = "SW004"
    name = "not-a-step"
