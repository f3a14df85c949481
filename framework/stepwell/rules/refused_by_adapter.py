"""What an adapter's validator refused."""

from __future__ import annotations

from stepwell.rules.rule import Reported


class RefusedByAdapter(Reported):
    """
    ## What it does
    Reports a step or a graph that an adapter's `StaticValidator` refused, in the
    adapter's own words. Seen when the driver is made, not in the editor.

    ## Why is this bad?
    Whoever gave the adapter to the driver wants only graphs that it accepts.

    ## Example
    ```text
    class NamedOwners(StaticValidator):
        def run_to_validate_node(self, *, node, **future_kwargs):
            return "owner" in node.tags, "every step has an owner"

    Driver({}, pipeline, adapter=NamedOwners())  # a step without `@tag(owner=...)`
    ```

    Use instead:
    ```text
    @tag(owner="search")
    def passages(question: str) -> list[str]: ...
    ```
    """

    code = "SW111"
    name = "refused-by-adapter"
