"""Something that is no module, given where steps are read from."""

from __future__ import annotations

from stepwell.rules.rule import Reported


class NotAModule(Reported):
    """
    ## What it does
    Reports what was given to a driver as a module and is none: a name, a class,
    a function. Seen when the driver is made, not in the editor.

    ## Why is this bad?
    Steps are the functions of modules; there is nothing to read them from.

    ## Example
    ```text
    Driver({}, "pipeline")
    ```

    Use instead:
    ```text
    import pipeline

    Driver({}, pipeline)
    ```
    """

    code = "SW003"
    name = "not-a-module"
