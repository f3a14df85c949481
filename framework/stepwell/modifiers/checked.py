"""`check_output`: questions asked of what a step makes, each a node, before others read it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from stepwell.errors import CheckFailed, ModifierError, did_you_mean, nearest
from stepwell.modifiers.arguments import Value, chosen, ends, fresh, place, short, whole_type
from stepwell.modifiers.checks import CHECKS, outcome
from stepwell.modifiers.modifier import Modifier, Reading
from stepwell.modifiers.piped import piped
from stepwell.spec import Bound, Node, Param
from stepwell.types import ANY, Type

IMPORTANCE = ("warn", "fail")


@dataclass(frozen=True)
class Checked(Modifier):
    """Puts checks between a node and its readers.

    `checks` are those of `stepwell`, by keyword, with their limits; `functions` those of the user.
    """

    checks: Mapping[str, Value]
    functions: tuple[Any, ...]
    importance: Any
    on_output: Any
    name: str

    stage: ClassVar[int] = 70

    def apply(self, nodes: Sequence[Node], reading: Reading) -> Iterable[Node]:
        self._refuse()
        names: Any = (self.on_output,) if isinstance(self.on_output, str) else self.on_output
        targets = ends(nodes) if names is None else chosen(nodes, names)
        wanted = {id(node) for node in targets}
        made: list[Node] = []
        for node in nodes:
            others = [*nodes, *made]
            made += self._checked(node, others, reading) if id(node) in wanted else (node,)
        return made

    def _refuse(self) -> None:
        if not self.checks and not self.functions:
            raise ModifierError(f"`{self.name}` needs at least one check")
        if self.importance not in IMPORTANCE:
            raise ModifierError(
                f'`importance` is "warn" or "fail"; got `{short(self.importance)}`'
                + did_you_mean(str(self.importance), IMPORTANCE),
                argument="importance",
            )
        for check in self.checks:
            if check not in CHECKS:
                raise ModifierError(
                    f"`{self.name}` has no check `{check}`"
                    + (did_you_mean(check, CHECKS) or f"; it has {', '.join(CHECKS)}"),
                    argument=check,
                    near=nearest(check, CHECKS),
                )

    def _checked(self, node: Node, others: Sequence[Node], reading: Reading) -> list[Node]:
        raw = replace(node, name=fresh(f"{node.name}.unchecked", others))
        made = [raw]
        for name, limit in self.checks.items():
            made.append(_asked(node, str(name), limit.value, raw, [*others, *made]))
        for function in self.functions:
            helper = reading.step(function)
            own = helper.name.lstrip("_")
            asked = replace(
                piped(helper, {}, raw.name),
                name=fresh(f"{node.name}.{own}", [*others, *made]),
                step=node.step,
                when=node.when,
                span=place(function, node.span),
                stale=node.stale,
            )
            made.append(asked)
        asked_of = [
            Param("checks", each.name, each.type, key=each.name.rpartition(".")[2])
            for each in made[1:]
        ]
        type = whole_type(node.type)
        judge = replace(
            node,
            type=type,
            kind="function",
            module=__name__,
            params=(Param("value", raw.name, type), *asked_of),
            bound=(Bound("importance", str(self.importance)), Bound("name", node.name)),
            prompts=(),
            body=None,
            callable=judged if node.callable is not None else None,
        )
        return [*made, judge]


def check_output(
    *,
    importance: Literal["warn", "fail"] = "warn",
    on_output: str | Sequence[str] | None = None,
    **checks: Any,
) -> Checked:
    """Asks questions of what the step makes; each is a node, and what they are asked of is another.

    Args:
        importance: `warn` logs what does not hold (logger `stepwell`) and goes on; `fail` raises
            `CheckFailed`, and nobody reads the value.
        on_output: of a step that makes several nodes, those to ask; without it, all that no other
            of them reads.
        checks: by name, with what is asked for: `range=(0, 1)`, `values_in=[…]`, `data_type=str`,
            `allow_none=False`, `allow_nans=False`, `max_fraction_nans=0.1`,
            `mean_in_range=(0, 1)`, `max_standard_dev=2`, `max_length=4000`, `contains="…"`,
            `does_not_contain="…"`, `schema=` of pandera, `model=` of pydantic.

    >>> @check_output(importance="fail", range=(0.0, 1.0))
    ... def similarity(question: str, passage: str) -> float: ...
    """
    limits = {check: Value(limit) for check, limit in checks.items()}
    return Checked(limits, (), importance, on_output, "check_output")


def check_output_custom(
    *functions: Callable[..., Any],
    importance: Literal["warn", "fail"] = "warn",
    on_output: str | Sequence[str] | None = None,
) -> Checked:
    """Asks functions of your own; each is a node, so it may read other nodes and inputs too.

    Args:
        functions: the first parameter takes the value; it returns a `bool`, or a `bool` and a
            message that does not show the value.
        importance: as in `check_output`.
        on_output: as in `check_output`.

    >>> def _is_cited(answer: str, sources: list[str]) -> tuple[bool, str]:
    ...     return any(source in answer for source in sources), "it names no source"
    >>> @check_output_custom(_is_cited, importance="fail")
    ... def answer(prompt: str) -> str: ...
    """
    return Checked({}, functions, importance, on_output, "check_output_custom")


def judged(value: Any, checks: Mapping[str, Any], importance: str, name: str) -> Any:
    """The value, if all checks hold or they are to warn.

    Raises:
        CheckFailed: if one does not hold that is to fail.
    """
    outcomes = {check: outcome(given) for check, given in checks.items()}
    wrong = {check: found.message for check, found in outcomes.items() if not found.passed}
    if wrong:
        error = CheckFailed(name, wrong)
        if importance == "fail":
            raise error
        from logging import getLogger

        getLogger("stepwell").warning("%s", error)
    return value


def _asked(node: Node, check: str, limit: Any, raw: Node, others: Sequence[Node]) -> Node:
    return replace(
        node,
        name=fresh(f"{node.name}.{check}", others),
        type=OUTCOME,
        params=(Param("value", raw.name, ANY),),
        doc="",
        kind="function",
        module=__name__,
        bound=(Bound("limit", limit),),
        prompts=(),
        body=None,
        span=place(check, node.span),
        callable=CHECKS[check] if node.callable is not None else None,
    )


OUTCOME = Type("tuple", (Type("bool"), Type("str")))
