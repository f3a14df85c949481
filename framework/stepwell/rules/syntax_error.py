"""Text that does not parse."""

from __future__ import annotations

from stepwell.rules.rule import Reported


class SyntaxErrorRule(Reported):
    """
    ## What it does
    Reports text that is not Python.

    ## Why is this bad?
    What stands there is not known. The rest of the file is still read: of a
    broken function its last good form is kept, and nothing is said of it.

    ## Example
    ```python
    def title(document: str -> str:
        return document[:10]
    ```

    Use instead:
    ```python
    def title(document: str) -> str:
        return document[:10]
    ```
    """

    code = "SW001"
    name = "syntax-error"
