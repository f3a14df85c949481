"""A condition that no known configuration fulfils."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stepwell.diagnostic import Diagnostic, Severity
from stepwell.graph import Graph
from stepwell.rules.conditions import met
from stepwell.rules.rule import Rule
from stepwell.spec import Condition, Node
from stepwell.spelling import is_slip


class ConfigNeverTrue(Rule):
    """
    ## What it does
    Checks for a step whose `config` condition holds under no configuration of any
    driver of its module, where all of them are known. It warns where the key or
    the value is almost one that is set, and else only fades the step.

    ## Why is this bad?
    The step never exists.

    ## Example
    ```toml
    [tool.stepwell.pipelines.answers]
    modules = ["steps"]
    config = { mode = "local" }
    ```

    ```python
    from stepwell import config

    @config.when(mode="locla")
    def answer__local(question: str) -> str:
        return question.upper()

    @config.default
    def answer(question: str) -> str:
        return question
    ```

    Use instead:
    ```python
    from stepwell import config

    @config.when(mode="local")
    def answer__local(question: str) -> str:
        return question.upper()

    @config.default
    def answer(question: str) -> str:
        return question
    ```
    """

    code = "SW303"
    name = "config-never-true"
    severity = "warning"
    message = "`{node}` never exists: no known configuration {why}{cure}"

    def check(self, graph: Graph) -> Iterator[Diagnostic]:
        if not graph.configs:
            return
        told = set()
        for node in (*graph.wiring.conditional, *graph.absent):
            step = node.module, node.step, node.span
            if node.stale or not node.when or step in told:
                continue
            if all(_fails(node, config) for config in graph.configs):
                told.add(step)
                yield self._found(node, graph.configs)

    def _found(self, node: Node, configs: tuple[Mapping[str, Any], ...]) -> Diagnostic:
        step = node.step or node.name
        for condition in node.when:
            if all(met(condition, config) is False for config in configs):
                why, near = _why(condition, configs)
                cure = f"; did you mean `{near}`?" if near else ""
                severity: Severity = "warning" if near else "hint"
                return self.at(node.span, node=step, why=why, cure=cure, severity=severity)
        return self.at(node.span, node=step, why="fulfils all of it", cure="", severity="hint")


def _fails(node: Node, config: Mapping[str, Any]) -> bool:
    return any(met(condition, config) is False for condition in node.when)


def _why(condition: Condition, configs: tuple[Mapping[str, Any], ...]) -> tuple[str, str]:
    """What is lacking, and what was meant if that is known."""
    key, values = condition.key, condition.values
    if condition.operator in ("is_not", "not_in"):
        return f"leaves `{key}` without such a value", ""
    set_values = [config[key] for config in configs if key in config]
    if not set_values:
        keys = dict.fromkeys(name for config in configs for name in config)
        return f"sets `{key}`", next((name for name in keys if is_slip(key, name)), "")
    words = " or ".join(f"`{value!r}`" for value in values)
    near = (
        given
        for given in set_values
        for value in values
        if isinstance(value, str) and isinstance(given, str) and is_slip(value, given)
    )
    return f"gives `{key}` the value {words}", next(near, "")
