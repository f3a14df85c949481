"""What can be wrong with a graph: one rule a file, asked of a graph alike by driver and editor.

Nothing here reads a file, runs a step or raises.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from stepwell.diagnostic import Diagnostic
from stepwell.graph import Graph
from stepwell.rules.awaitable_edge import AwaitableEdge
from stepwell.rules.blocking_call_in_async_step import BlockingCallInAsyncStep
from stepwell.rules.checked import Checked
from stepwell.rules.config_gap import ConfigGap
from stepwell.rules.config_never_true import ConfigNeverTrue
from stepwell.rules.cycle import Cycle
from stepwell.rules.default_does_not_fit import DefaultDoesNotFit
from stepwell.rules.duplicate_node import DuplicateNode
from stepwell.rules.extracted_field_unknown import ExtractedFieldUnknown
from stepwell.rules.fan_out_misuse import FanOutMisuse
from stepwell.rules.generator_retried import GeneratorRetried
from stepwell.rules.ignore import ignored, matches, unignored
from stepwell.rules.input_type_conflict import InputTypeConflict
from stepwell.rules.missing_annotation import MissingAnnotation
from stepwell.rules.missing_input import MissingInput
from stepwell.rules.misspelled_input import MisspelledInput
from stepwell.rules.model_without_price import ModelWithoutPrice
from stepwell.rules.modifier_bad_argument import ModifierBadArgument
from stepwell.rules.modifier_unknown_parameter import ModifierUnknownParameter
from stepwell.rules.not_a_module import NotAModule
from stepwell.rules.not_a_step import NotAStep
from stepwell.rules.not_sendable import NotSendable
from stepwell.rules.private_step_used import PrivateStepUsed
from stepwell.rules.prompt_placeholder_unwired import PromptPlaceholderUnwired
from stepwell.rules.refused_by_adapter import RefusedByAdapter
from stepwell.rules.retries_multiply import RetriesMultiply
from stepwell.rules.retry_swallows_cancellation import RetrySwallowsCancellation
from stepwell.rules.route_gap import RouteGap
from stepwell.rules.route_never_taken import RouteNeverTaken
from stepwell.rules.rule import Rule
from stepwell.rules.secret_in_source import SecretInSource
from stepwell.rules.shadowed_input import ShadowedInput
from stepwell.rules.syntax_error import SyntaxErrorRule
from stepwell.rules.type_mismatch import TypeMismatch
from stepwell.rules.unknown_target import UnknownTarget
from stepwell.rules.unmetered_client import UnmeteredClient
from stepwell.rules.unused_ignore import UnusedIgnore
from stepwell.rules.unused_input import UnusedInput
from stepwell.rules.unused_node import UnusedNode
from stepwell.rules.unused_parameter import UnusedParameter
from stepwell.rules.variadic_parameter import VariadicParameter

RULES: tuple[Rule, ...] = (
    SyntaxErrorRule(),
    UnusedIgnore(),
    NotAModule(),
    NotAStep(),
    VariadicParameter(),
    MissingInput(),
    MisspelledInput(),
    DuplicateNode(),
    Cycle(),
    UnknownTarget(),
    UnusedNode(),
    UnusedInput(),
    UnusedParameter(),
    PrivateStepUsed(),
    ShadowedInput(),
    RefusedByAdapter(),
    TypeMismatch(),
    InputTypeConflict(),
    MissingAnnotation(),
    DefaultDoesNotFit(),
    AwaitableEdge(),
    ModifierUnknownParameter(),
    ModifierBadArgument(),
    ConfigNeverTrue(),
    ConfigGap(),
    ExtractedFieldUnknown(),
    RouteNeverTaken(),
    RouteGap(),
    FanOutMisuse(),
    NotSendable(),
    PromptPlaceholderUnwired(),
    RetriesMultiply(),
    RetrySwallowsCancellation(),
    GeneratorRetried(),
    UnmeteredClient(),
    ModelWithoutPrice(),
    SecretInSource(),
    BlockingCallInAsyncStep(),
)
"""Every rule, in the order of codes."""

__all__ = ["RULES", "Checker", "Rule", "check", "errors", "ignored", "kept", "unignored"]


def check(
    graph: Graph, *, select: Iterable[str] = (), ignore: Iterable[str] = ()
) -> list[Diagnostic]:
    """All that is wrong with this graph, sorted by place, then by code.

    Args:
        graph: what was read.
        select: codes, beginnings of codes, or names of the rules that count; all where empty.
        ignore: of those, what does not count.

    >>> from stepwell.spec import Node, Param
    >>> from stepwell.types import NONE
    >>> [d.message for d in check(Graph([Node("a", NONE, (Param("a", "a", NONE),))]))]
    ['`a` needs itself']
    """
    chosen, left_out = tuple(select), tuple(ignore)
    return _found(
        (
            rule
            for rule in RULES
            if (not chosen or any(matches(code, rule.code, rule.name) for code in chosen))
            and not any(matches(code, rule.code, rule.name) for code in left_out)
        ),
        graph,
    )


class Checker:
    """`check` for a graph that is edited: it gives the same, and what is as before is not asked."""

    def __init__(self) -> None:
        self._checked = Checked(RULES)

    def check(self, graph: Graph) -> list[Diagnostic]:
        """All that is wrong with this graph, sorted by place, then by code."""
        return sorted(self._checked.found(graph), key=_order)


def kept(
    found: Iterable[Diagnostic],
    texts: Mapping[str, str],
    *,
    broken: Collection[str] = (),
    unsure: Collection[str] = ("SW201",),
) -> list[Diagnostic]:
    """What no comment switches off, and what is said of comments that switch off nothing.

    Args:
        found: all that was found in these files.
        texts: what each file that was checked says.
        broken: files of which something could not be read, so that rules are silent there.
        unsure: codes that may be found otherwise: a type checker sees more mismatches than we do.
    """
    everything = list(found)
    off = {file: lines for file, text in texts.items() if (lines := ignored(text))}
    left = list(unignored(everything, off))
    for file in off:
        if file not in broken:
            here = [each for each in everything if each.span and each.span.file == file]
            left += UnusedIgnore().of(file, texts[file], here, unsure)
    return sorted(left, key=_order)


def errors(graph: Graph) -> list[Diagnostic]:
    """What keeps this graph from being run; rules that only warn are not asked at all."""
    found = _found((rule for rule in RULES if rule.severity == "error"), graph)
    return [diagnostic for diagnostic in found if diagnostic.severity == "error"]


def _found(rules: Iterable[Rule], graph: Graph) -> list[Diagnostic]:
    return sorted(Checked(rules).found(graph), key=_order)


def _order(found: Diagnostic) -> tuple[str, int, int, str, str]:
    span = found.span
    if span is None:
        return "", 0, 0, found.code, found.message
    return span.file, span.line, span.column, found.code, found.message
