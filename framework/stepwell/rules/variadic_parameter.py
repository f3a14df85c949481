"""`*args` or `**kwargs` in a step."""

from __future__ import annotations

from stepwell.rules.rule import Reported


class VariadicParameter(Reported):
    """
    ## What it does
    Reports a step that takes `*args` or `**kwargs`.

    ## Why is this bad?
    A parameter's name is what it reads. These have no names, so nothing would
    ever be given to them.

    ## Example
    ```python
    def merged(*passages: str) -> str:
        return " ".join(passages)
    ```

    Use instead:
    ```python
    def merged(first: str, second: str) -> str:
        return " ".join([first, second])
    ```
    """

    code = "SW005"
    name = "variadic-parameter"
