"""`check_output` and `check_output_custom`: validators, each a node between a node and readers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, ClassVar

from stepwell.compat.hamilton.data_quality.base import (
    BaseDefaultValidator,
    DataValidationLevel,
    DataValidator,
    ValidationResult,
)
from stepwell.compat.hamilton.function_modifiers.base import InvalidDecoratorException
from stepwell.compat.hamilton.function_modifiers.metadata import selected
from stepwell.errors import CheckFailed
from stepwell.modifiers.arguments import NotSeen, Unread, fresh, short, whole_type
from stepwell.modifiers.checks import CHECKS
from stepwell.modifiers.modifier import Modifier, Reading
from stepwell.spec import Node, Param
from stepwell.types import Type

IS_DATA_VALIDATOR_TAG = "hamilton.data_quality.contains_dq_results"
DATA_VALIDATOR_ORIGINAL_OUTPUT_TAG = "hamilton.data_quality.source_node"

RESULT = Type(f"{ValidationResult.__module__}.ValidationResult")

_NAMES = {"schema": "pandera_schema_validator", "model": "pydantic_validator"}


class BuiltIn(DataValidator):
    """One of stepwell's own questions, with what is asked for."""

    def __init__(self, check: str, limit: Any, importance: Any) -> None:
        super().__init__("warn" if isinstance(importance, Unread) else importance)
        self.check, self.limit = check, limit

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BuiltIn) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    def applies_to(self, datatype: type) -> bool:
        return True

    def description(self) -> str:
        return str(CHECKS[self.check].__doc__)

    def name(self) -> str:  # type: ignore[override]
        return _NAMES.get(self.check, f"{self.check}_validator")

    def validate(self, dataset: Any) -> ValidationResult:
        found = CHECKS[self.check](dataset, self.limit)
        return ValidationResult(found.passed, found.message)


def _judging(tags: Mapping[str, Any], of: str) -> Mapping[str, Any]:
    own = {IS_DATA_VALIDATOR_TAG: "true", DATA_VALIDATOR_ORIGINAL_OUTPUT_TAG: of}
    return MappingProxyType({**tags, **own})


@dataclass(frozen=True)
class Validated(Modifier):
    """Puts objects that judge between a node and its readers."""

    validators: tuple[Any, ...]
    target: Any

    stage: ClassVar[int] = 70

    def apply(self, nodes: Sequence[Node], reading: Reading) -> Iterable[Node]:
        wanted = {id(node) for node in selected(nodes, self.target)}
        made: list[Node] = []
        for node in nodes:
            made += self._judged(node, [*nodes, *made]) if id(node) in wanted else (node,)
        return made

    def _judged(self, node: Node, others: Sequence[Node]) -> list[Node]:
        raw = replace(node, name=fresh(f"{node.name}_raw", others))
        made = [raw]
        type = whole_type(node.type)
        for validator in self.validators:
            if isinstance(validator, Unread):
                raise NotSeen(str(validator))
            asks = getattr(validator, "validate", None)
            made.append(
                replace(
                    raw,
                    name=fresh(f"{node.name}_{validator.name()}", [*others, *made]),
                    type=RESULT,
                    params=(Param("dataset", raw.name, type),),
                    doc=str(validator.description()),
                    kind="function",
                    bound=(),
                    tags=_judging(node.tags, node.name),
                    prompts=(),
                    body=None,
                    callable=Asking(asks) if node.callable is not None and asks else None,
                )
            )
        judges = tuple(Param("results", each.name, RESULT, key=each.name) for each in made[1:])
        judge = replace(
            node,
            type=type,
            kind="function",
            params=(Param("value", raw.name, type), *judges),
            bound=(),
            prompts=(),
            body=None,
            callable=Judging(node.name, self.validators) if node.callable is not None else None,
        )
        return [*made, judge]


class Asking:
    """Asks a validator of a value."""

    def __init__(self, asks: Callable[[Any], Any]) -> None:
        self.asks = asks
        self.__name__ = "validate"

    def __call__(self, dataset: Any) -> Any:
        return self.asks(dataset)


class Judging:
    """Gives a value on that its validators let through, and warns or raises of another."""

    def __init__(self, name: str, validators: Sequence[DataValidator]) -> None:
        self.name, self.validators = name, validators
        self.__name__ = name

    def __call__(self, value: Any, results: Mapping[str, Any]) -> Any:
        failed: dict[str, str] = {}
        for validator, result in zip(self.validators, results.values(), strict=True):
            if result.passes:
                continue
            if validator.importance is DataValidationLevel.FAIL:
                failed[validator.name()] = result.message
            else:
                from logging import getLogger

                error = CheckFailed(self.name, {validator.name(): result.message})
                getLogger("stepwell").warning("%s", error)
        if failed:
            raise CheckFailed(self.name, failed)
        return value


class OrMissing(list[Any]):
    """Values that are allowed; one that is missing is none to be judged."""

    def __contains__(self, value: object) -> bool:
        return value is None or value != value or super().__contains__(value)


def check_output(
    importance: Any = "warn",
    default_validator_candidates: Sequence[type[BaseDefaultValidator]] | None = None,
    target_: Any = None,
    **default_validator_kwargs: Any,
) -> Modifier:
    """Asks questions of what the step makes, each a node.

    Args:
        importance: `warn` or `fail`.
        default_validator_candidates: classes of one's own to make validators of.
        target_: the node, or nodes, to ask.
        default_validator_kwargs: a question by its name, with what is asked for: `range=(0, 1)`.

    Raises:
        ValueError: for an importance that is none, or a question that nobody can ask.
    """
    if importance not in ("warn", "fail") and not isinstance(importance, Unread):
        raise ValueError(f'`importance` is "warn" or "fail"; got `{short(importance)}`')
    own = {each.arg(): each for each in default_validator_candidates or ()}
    made: list[DataValidator] = []
    for key, limit in default_validator_kwargs.items():
        if key in own:
            made.append(own[key](**{key: limit, "importance": importance}))
        elif key in CHECKS:
            limit = OrMissing(limit) if key == "values_in" else limit
            made.append(BuiltIn(key, limit, importance))
        else:
            raise ValueError(f"`check_output` has no question `{key}`; it has {', '.join(CHECKS)}")
    return Validated(tuple(made), target_)


def check_output_custom(*validators: DataValidator, target_: Any = None) -> Modifier:
    """Asks validators of your own, each a node.

    Raises:
        InvalidDecoratorException: without one.
    """
    if not validators:
        raise InvalidDecoratorException("`check_output_custom` needs at least one validator")
    return Validated(validators, target_)
