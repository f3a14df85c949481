"""A modifier that names a parameter which the step does not have."""

from __future__ import annotations

from stepwell.rules.rule import Reported


class ModifierUnknownParameter(Reported):
    """
    ## What it does
    Reports a modifier that binds a parameter which the step does not have.

    ## Why is this bad?
    What is bound reaches nothing; most likely another parameter was meant, which
    now reads a node of its own name.

    ## Example
    ```python
    from stepwell import inject, value

    @inject(limt=value(3))
    def shortest(passages: list[str], limit: int) -> list[str]:
        return sorted(passages, key=len)[:limit]
    ```

    Use instead:
    ```python
    from stepwell import inject, value

    @inject(limit=value(3))
    def shortest(passages: list[str], limit: int) -> list[str]:
        return sorted(passages, key=len)[:limit]
    ```
    """

    code = "SW301"
    name = "modifier-unknown-parameter"
