"""The loop that runs a plan in the caller's thread, one line after another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from stepwell.execution.streams import Live, close, counted, piece_value, whole
from stepwell.execution.surround import drive, enter, finish, leave, outcome, outcome_of
from stepwell.execution.work import At, Attribution, Work, new_run_id, note, refuse_coroutine
from stepwell.lifecycle.dispatch import hook_error
from stepwell.plan import Line, Plan
from stepwell.routes import SKIPPED

if TYPE_CHECKING:
    from stepwell.execution.text import Text
    from stepwell.lifecycle.dispatch import Hook

HOT = 100
"""After so many runs a plan is compiled: compiling costs what about so many runs would save."""

TEXT_LIMIT = 20_000
"""Plans of more lines are never compiled: it would take seconds."""

_numbers = count(1)


class Inline:
    """Runs a plan's lines one after another; a plan that runs often is compiled.

    Args:
        plan: what to run; its steps are plain functions or generators.
        works: gives the work of each line, when it is needed.
        text: gives the plan as Python, when it is needed.
        config: values by name that the plan may read.
        bare: no adapter has a part in any line, and none is a stream.
    """

    def __init__(
        self,
        plan: Plan,
        works: Callable[[], Sequence[Work]],
        text: Callable[[], Text],
        config: Mapping[str, Any],
        *,
        bare: bool,
    ) -> None:
        self._plan, self._works, self._text = plan, works, text
        self._config, self._bare = config, bare
        self._runs = 0
        self.function: Callable[..., dict[str, Any]] | None = None
        """The compiled plan, once it is hot."""
        self._written: Text | None = None

    def __call__(
        self, inputs: Mapping[str, Any], overrides: Mapping[str, Any], run_id: str = ""
    ) -> dict[str, Any]:
        """The results by name.

        Raises:
            BaseException: what a step raises, with a note that names the step.
        """
        if not self._bare:
            run_id = run_id or new_run_id()
        function = self.function
        if function is None:
            self._runs += 1
            if self._runs < HOT or not self._compiles():
                known = {**self._config, **inputs, **overrides}
                values = [known[name] for name in self._plan.given]
                if self._bare:
                    return run_lines(self._plan, values, run_id)
                return run_works(self._plan, self._works(), values, At(run_id))
            function = self._compile()
        try:
            return function(inputs, overrides, self._config, run_id)
        except BaseException as error:
            come_to = self.explained(error, run_id)
            if come_to is error:
                raise
            raise come_to from come_to.__cause__

    def _compiles(self) -> bool:
        """Whether the text says all that has to be done."""
        if self._bare:
            return len(self._plan.lines) <= TEXT_LIMIT
        works = self._works()
        return len(works) <= TEXT_LIMIT and not any(
            work.needs_context
            or work.feeds
            or work.restarts
            or work.line.bundle
            or work.remote
            or (work.line.block and not work.plain)
            for work in works
        )

    def _compile(self) -> Callable[..., dict[str, Any]]:
        from stepwell.execution.text import compiled

        self._written = self._text()
        self.function = compiled(self._written, f"<stepwell plan {next(_numbers)}>")
        return self.function

    def explained(self, error: BaseException, run_id: str = "") -> BaseException:
        """What comes of an error in the compiled plan: its traceback says on which line it was.

        The error gets the note that names its step, and the after-hooks of that step are called.
        """
        assert self.function is not None
        assert self._written is not None
        code = self.function.__code__
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code is not code:
            trace = trace.tb_next
        if trace is None:
            return error
        place = self._written.lines[trace.tb_lineno - 1]
        position, entered, hook = place[:3]
        if position < 0:
            return error
        if place.inner is not None:
            from stepwell.execution.loops import at_item

            at = At(run_id or new_run_id())
            note(error, place.inner, at_item(at, place.loops, trace.tb_frame.f_locals))
            return error
        work = self._works()[position]
        if hook is None:
            note(error, work.node, At(run_id or new_run_id()))
        elif isinstance(error, Exception):
            error = _caused(hook, work, error)
        if not entered:
            return error
        words = self._words(work, trace.tb_frame.f_locals, run_id)
        return outcome_of(leave(work.around[:entered], words, None, error))

    def _words(self, work: Work, known: Mapping[str, Any], run_id: str) -> dict[str, Any]:
        assert self._written is not None
        values = [known.get(name) for name in self._written.locals]
        return work.words(values, At(run_id))


def _caused(hook: Hook, work: Work, error: Exception) -> Exception:
    raised = hook_error(hook, work.node.name, error)
    raised.__cause__ = error
    return raised


def run_lines(plan: Plan, values: list[Any], run_id: str = "") -> dict[str, Any]:
    """The results of a plan of plain functions around which nobody does anything.

    Args:
        plan: what to run.
        values: the given values, in the order of `plan.given`; it is filled and emptied on the way.
        run_id: names the run where it is known already.

    Raises:
        BaseException: what a step raises, with a note that names the step.
    """
    coroutine, given = CoroutineType, len(values)
    try:
        for count, step, first, second, third, frees in plan.calls:
            # Most steps take one to three plain values; a list for each costs as much as the call.
            if count == 1:
                value = step(values[first])
            elif count == 2:
                value = step(values[first], values[second])
            elif count == 3:
                value = step(values[first], values[second], values[third])
            else:
                value = _called(plan.lines[len(values) - given], values)
            if value.__class__ is coroutine:
                refuse_coroutine(plan.lines[len(values) - given].node, value)
            values.append(value)
            if frees:
                for read in frees:
                    values[read] = None
    except BaseException as error:
        position = len(values) - given
        if position < len(plan.lines):
            _noted(error, plan.lines[position], At(run_id or new_run_id()))
        raise
    return results_of(plan, values)


def _noted(error: BaseException, line: Line, at: At) -> None:
    if line.block is None:
        note(error, line.node, at)
        return
    from stepwell.execution.loops import noted

    noted(error, line, at)


def _called(line: Line, values: list[Any]) -> Any:
    if line.route is not None and not line.route.is_taken(values):
        return SKIPPED
    if line.block is not None:
        from stepwell.execution.loops import loop_of

        made = loop_of(line)(*[piece_value(piece, values) for piece in line.args])
        if any(each.route is not None for each in line.block.plan.lines):
            made = [each for each in made if each is not SKIPPED]
        return made
    step: Callable[..., Any] = line.node.callable  # type: ignore[assignment]
    return step(
        *[piece_value(piece, values) for piece in line.args],
        **{name: piece_value(piece, values) for name, piece in line.kwargs},
    )


def run_works(plan: Plan, works: Sequence[Work], values: list[Any], at: At) -> dict[str, Any]:
    """The results of a plan of plain functions and generators, with what adapters do around them.

    Raises:
        BaseException: what a step raises, with a note that names the step.
        HookError: if a hook raised that is no observer's.
    """
    try:
        for work in works:
            values.append(do(work, values, at))
            for read in work.line.frees:
                _drop(values, read)
        return results_of(plan, values)
    finally:
        for slot in plan.live:
            if slot < len(values):
                _drop(values, slot)


Seen = Callable[[Any], object]


def do(work: Work, values: list[Any], at: At, seen: Seen | None = None) -> Any:
    """Does the work of one line, hooks and all; gives its result, or `SKIPPED`.

    `seen` is shown each chunk.

    Raises:
        BaseException: what the step raises, with a note that names the step.
        HookError: if a hook raised that is no observer's.
    """
    if work.special:
        if work.is_skipped(values):
            return SKIPPED
        if work.feeds:
            return _live(work, values, at)
    if not work.hooks:
        return _step(work, values, at, None, seen)
    words = work.words(values, at)
    if work.remote is None:
        return drive(work.asked(words), lambda: _step(work, values, at, words, seen))
    return work.elsewhere(
        words, lambda: drive(work.asked(words), lambda: _step(work, values, at, words, seen))
    )


def _step(
    work: Work,
    values: list[Any],
    at: At,
    words: dict[str, Any] | None,
    seen: Seen | None = None,
) -> Any:
    try:
        if work.needs_context:
            with Attribution(at, work.node.name):
                return _value(work, values, at, words, seen)
        return _value(work, values, at, words, seen)
    except BaseException as error:
        note(error, work.node, at)
        raise


def _value(
    work: Work, values: list[Any], at: At, words: dict[str, Any] | None, seen: Seen | None
) -> Any:
    by_keyword = work.methods or work.remote
    value = work.nested(words) if by_keyword and words is not None else work.call(values, at)
    if not work.is_stream or work.feeds:
        return value
    if seen is None:
        chunks = [*value]
        return whole(counted(chunks) if work.restarts else chunks, work.node.type)
    chunks = []
    try:
        for chunk in value:
            chunks.append(chunk)
            seen(chunk)
    finally:
        close(value)
    return whole(counted(chunks) if work.restarts else chunks, work.node.type)


def _live(work: Work, values: list[Any], at: At) -> Live:
    """A stream that its readers pull; its after-hooks are called when it ends."""
    words = work.words(values, at) if work.hooks else {}
    asked = work.asked(words)
    enter(asked)
    try:
        source = _step(work, values, at, words)
    except BaseException as error:
        return finish(*outcome(asked, None, error))  # type: ignore[no-any-return]

    def ended(chunks: list[Any], error: BaseException | None) -> None:
        if error is not None:
            note(error, work.node, at)
        _, left = outcome(asked, whole(chunks, work.node.type), error)
        if left is not error:
            finish(None, left)

    within = Attribution(at, work.node.name) if work.needs_context else None
    return Live(source, work.node.type, ended=ended, within=within, keeps=work.keeps)


def _drop(values: list[Any], slot: int) -> None:
    value, values[slot] = values[slot], None
    if type(value) is Live:
        value.close()


def results_of(plan: Plan, values: list[Any]) -> dict[str, Any]:
    """The targets by name."""
    return {
        name: piece_value(result, values)
        for name, result in zip(plan.targets, plan.results, strict=True)
    }
