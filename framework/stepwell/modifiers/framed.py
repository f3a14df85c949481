"""`with_columns`: columns made by steps of their own, put into the frame that a step reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any, ClassVar

from stepwell.errors import ModifierError
from stepwell.modifiers.arguments import Dependency, checked_name, no_parameter, of_wholes, short
from stepwell.modifiers.columns import column_type
from stepwell.modifiers.config import decided
from stepwell.modifiers.modifier import Modifier, Reading
from stepwell.modifiers.within import Part, checked_dicts, checked_inputs, inner_nodes, placed
from stepwell.spec import NOTHING, Node, Param


@dataclass(frozen=True)
class WithColumns(Modifier):
    """Puts columns' nodes between a frame and the step."""

    parts: tuple[Any, ...]
    columns_to_pass: Any
    pass_dataframe_as: Any
    on_input: Any
    select: Any
    inputs: Any
    config: Any
    namespace: Any

    stage: ClassVar[int] = 47

    def apply(self, nodes: Sequence[Node], reading: Reading) -> Iterable[Node]:
        return of_wholes(nodes, lambda node: self._made(node, reading))

    def _made(self, node: Node, reading: Reading) -> list[Node]:
        frame = self._frame(node)
        space = f"{node.name}.{frame.keyword}" if self.namespace is None else self.namespace
        for part in str(space).split("."):
            checked_name(part, argument="namespace", what="a namespace")
        checked_dicts("with_columns", self.inputs, self.config)
        every = inner_nodes("with_columns", self.parts, reading)
        inner = decided(every, self.config)
        columns = _list("columns_to_pass", self.columns_to_pass or ())
        passed = [self._passed(node, frame, name) for name in columns]
        names = [each.name for each in inner]
        if frame.reads in names:
            raise ModifierError(
                f"`{frame.reads}` is the frame, and is made inside; call one of the two otherwise",
                argument=frame.reads,
            )
        for column in passed:
            if column.name in names:
                raise ModifierError(
                    f"`{column.name}` is passed and is made; call one of the two otherwise",
                    argument=column.name,
                )
        checked_inputs([*passed, *every], self.inputs)
        known = {} if self.pass_dataframe_as is None else {self.pass_dataframe_as: frame.reads}
        inside = placed([*passed, *inner], node, space, self.inputs, self.config)
        inside = [_renamed(each, known) for each in inside]
        joined = self._joined(node, frame, space, names, inner)
        params = tuple(
            p._replace(reads=joined.name, required=True) if p is frame else p for p in node.params
        )
        return [*inside, joined, replace(node, params=params)]

    def _frame(self, node: Node) -> Param:
        if not node.arguments:
            raise ModifierError(f"`with_columns` needs a frame, and `{node.step}` reads nothing")
        keyword = node.arguments[0].keyword if self.on_input is None else self.on_input
        for param in node.arguments:
            if param.keyword == keyword and param.key is None:
                return param
        raise no_parameter(node, str(keyword), argument="on_input")

    def _passed(self, node: Node, frame: Param, name: Any) -> Node:
        checked_name(name, argument=str(name), what="a column's node")
        reads = Param(frame.keyword, frame.reads, frame.type, positional_only=True)
        return replace(
            node,
            name=str(name),
            type=column_type(frame.type),
            params=(reads,),
            doc="",
            kind="field",
            bound=(),
            when=(),
            prompts=(),
            body=None,
            callable=itemgetter(str(name)),
        )

    def _joined(
        self, node: Node, frame: Param, space: str, names: list[str], inner: Sequence[Node]
    ) -> Node:
        chosen = names if self.select is None else _list("select", self.select)
        for name in chosen:
            if name not in names:
                known = ", ".join(f"`{each}`" for each in names)
                raise ModifierError(
                    f"`select` names `{name}`, which no step inside makes; they make {known}",
                    argument=name,
                )
        types = {each.name: each.type for each in inner}
        columns = (Param("columns", f"{space}.{n}", types[n], key=n) for n in dict.fromkeys(chosen))
        return replace(
            node,
            name=f"{space}.joined",
            type=frame.type,
            params=(Param("frame", frame.reads, frame.type), *columns),
            doc="",
            kind="function",
            module=__name__,
            bound=(),
            prompts=(),
            body=None,
            callable=joined if node.callable is not None else None,
        )


def with_columns(
    *parts: Part,
    columns_to_pass: Sequence[str] | None = None,
    pass_dataframe_as: str | None = None,
    on_input: str | None = None,
    select: Sequence[str] | None = None,
    inputs: Mapping[str, Dependency] = NOTHING,
    config: Mapping[str, Any] = NOTHING,
    namespace: str | None = None,
) -> WithColumns:
    """Columns that the steps of these parts make, in the frame that the step reads.

    For frames of pandas (`assign`) and of polars (`with_columns`). What the steps inside read
    crosses by the rule of `subdag`; columns and the frame itself come to them by name.

    Args:
        parts: functions, and modules of which all steps are meant.
        columns_to_pass: columns of the frame that the steps inside read by these names.
        pass_dataframe_as: the name under which they read the frame itself.
        on_input: the parameter that reads the frame; the first where it is not said.
        select: which of the nodes become columns; all where it is not said.
        inputs: as in `subdag`.
        config: as in `subdag`.
        namespace: stands before the names inside; `node.parameter` where it is not said.
    """
    return WithColumns(
        parts, columns_to_pass, pass_dataframe_as, on_input, select, inputs, config, namespace
    )


def joined(frame: Any, columns: Mapping[str, Any]) -> Any:
    """The frame with these columns."""
    put = getattr(frame, "assign", None) or frame.with_columns
    return put(**columns)


def _list(argument: str, given: Any) -> list[Any]:
    if not isinstance(given, list | tuple):
        raise ModifierError(
            f"`{argument}` of `with_columns` takes a list of names; got `{short(given)}`",
            argument=argument,
        )
    return [*given]


def _renamed(node: Node, known: Mapping[str, str]) -> Node:
    params = tuple(p._replace(reads=known.get(p.reads, p.reads)) for p in node.params)
    return replace(node, params=params)
