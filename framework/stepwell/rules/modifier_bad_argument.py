"""A modifier that is given what it can't use."""

from __future__ import annotations

from stepwell.rules.rule import Reported


class ModifierBadArgument(Reported):
    """
    ## What it does
    Reports a modifier whose argument has the wrong shape or type, and says what
    it takes.

    ## Why is this bad?
    The step can't be read as it is meant.

    ## Example
    ```python
    from stepwell import inject

    @inject(limit=3)
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

    code = "SW302"
    name = "modifier-bad-argument"
