"""What adapters do around a node or a run: hooks before, hooks after in reverse, errors kept apart.

Written once as a generator that neither calls the step nor awaits: a loop drives it, sync or async.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any

from stepwell.errors import HookError
from stepwell.lifecycle.dispatch import hook_error, log_once

if TYPE_CHECKING:
    from stepwell.lifecycle.dispatch import Around, Hook

Outcome = tuple[Any, "BaseException | None"]

Asked = Generator["Awaitable[Any] | None", Any, Outcome]
"""Yields `None` where the thing itself is to be done (its result is sent back, its error thrown
in), and an awaitable where an async hook is to be awaited; returns the result and the error (an
error that were raised could not be a `StopIteration`)."""


def surround(pairs: Sequence[Around], words: dict[str, Any]) -> Asked:
    """Before-hooks in order, the thing itself, after-hooks in reverse.

    Args:
        pairs: what each adapter does.
        words: what hooks are given, by keyword; `success`, `error` and `result` are added.
    """
    entered = 0
    try:
        for before, _ in pairs:
            if before is not None:
                yield from heard(before, words)
            entered += 1
        result = yield None
    except BaseException as error:
        return (yield from leave(pairs[:entered], words, None, error))
    return (yield from leave(pairs, words, result, None))


def leave(
    pairs: Sequence[Around], words: dict[str, Any], result: Any, error: BaseException | None
) -> Asked:
    """The after-hooks of these pairs in reverse; each sees what those inside it have come to.

    A hook's error takes the place of the one that was there, which becomes its cause.
    """
    for _, after in reversed(pairs):
        if after is None:
            continue
        words["success"], words["error"] = error is None, error
        words["result"] = words["results"] = result
        try:
            yield from heard(after, words)
        except BaseException as raised:
            if error is not None and isinstance(raised, HookError):
                _show_both(raised, error)
            error, result = raised, None
    return result, error


def heard(hook: Hook, words: dict[str, Any]) -> Generator[Awaitable[Any], Any, None]:
    """Calls one hook with those of the words that it takes.

    Raises:
        HookError: if it raised and is no observer's.
    """
    try:
        answer = hook.call(**{name: words[name] for name in hook.takes})
        if hook.is_async:
            yield answer
    except Exception as error:
        if hook.observer:
            log_once(hook, error)
        else:
            raise hook_error(hook, words.get("node_name", ""), error) from error


def _show_both(raised: HookError, error: BaseException) -> None:
    """The error that was there first becomes the cause, the hook's own a note."""
    from traceback import format_exception

    own = raised.__cause__
    if own is not None:
        raised.add_note("The hook's own error:\n" + "".join(format_exception(own)).rstrip())
    raised.__cause__ = error


def drive(asked: Asked, thing: Callable[[], Any]) -> Any:
    """Runs a surrounded thing where no hook is async; gives its result.

    Raises:
        HookError: if a hook raised that is no observer's.
        BaseException: what the thing raised.
    """
    enter(asked)
    try:
        result = thing()
    except BaseException as error:
        return finish(*outcome(asked, None, error))
    return finish(*outcome(asked, result, None))


def enter(asked: Asked) -> None:
    """Calls the before-hooks, none of them async.

    Raises:
        HookError: if one raised that is no observer's; the after-hooks were called then.
    """
    try:
        next(asked)
    except StopIteration as stop:
        finish(*stop.value)


def outcome(asked: Asked, result: Any, error: BaseException | None) -> Outcome:
    """Calls the after-hooks, none of them async; gives what it comes to."""
    try:
        if error is None:
            asked.send(result)
        else:
            asked.throw(error)
    except StopIteration as stop:
        come_to: Outcome = stop.value
        return come_to
    raise AssertionError("an async hook in a run that can't await it")


def outcome_of(leaving: Asked) -> BaseException:
    """Calls the after-hooks of something that failed, none of them async; gives the error."""
    try:
        next(leaving)
    except StopIteration as stop:
        _, error = stop.value
        assert error is not None
        return error  # type: ignore[no-any-return]
    raise AssertionError("an async hook in a run that can't await it")


async def drive_async(asked: Asked, thing: Callable[[], Awaitable[Any]]) -> Any:
    """Runs a surrounded thing, awaiting it and the async hooks; gives its result.

    Raises:
        HookError: if a hook raised that is no observer's.
        BaseException: what the thing raised.
    """
    answer: Any = None
    error: BaseException | None = None
    while True:
        try:
            what = asked.send(answer) if error is None else asked.throw(error)
        except StopIteration as stop:
            come_to = stop.value
            break
        answer = error = None
        try:
            answer = await (thing() if what is None else what)
        except BaseException as raised:
            error = raised
    return finish(*come_to)


def finish(result: Any, error: BaseException | None) -> Any:
    """The result of a surrounded thing.

    Raises:
        BaseException: the error, if there is one.
    """
    try:
        if error is not None:
            raise error
        return result
    finally:
        del error  # it knows this frame, which would keep it alive
