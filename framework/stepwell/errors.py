"""What stepwell raises.

    StepwellError
    ├── GraphError          the steps do not make a graph; carries `diagnostics`
    ├── RequestError        a run was asked for that can't be made; carries `problems`
    ├── ModifierError       a modifier was given a wrong argument; carries `code` and `argument`
    ├── AdapterError        an adapter can't be used: it hears nothing, or clashes with another
    ├── HookError           an adapter's hook raised; carries `hook` and `node`
    ├── BudgetExceeded      a request was kept from leaving; carries what is spent and asked for
    ├── Unavailable         a provider is not asked now; carries `server` and `wait`
    ├── BadAnswer           what a provider answered is no answer; carries `code` and more
    ├── CheckFailed         a value is not as `check_output` asks; carries `node` and `checks`
    ├── StoreError          a run store can't be used; carries `path`
    └── MissingExtra        an optional library is not installed (also an `ImportError`)

An exception raised by a step is not among them: it reaches the caller as itself, with a note.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stepwell.diagnostic import Diagnostic


_TIMES = 4
"""How often a letter is counted."""


class StepwellError(Exception):
    """The root of all errors that stepwell itself raises."""


class GraphError(StepwellError):
    """The steps do not make a graph; `diagnostics` holds everything that is wrong with them."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(d.concise() for d in self.diagnostics))


class RequestError(StepwellError):
    """What was asked of a driver can't be run. `problems` has one sentence for each thing wrong."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class ModifierError(StepwellError):
    """A modifier was given what it can't use.

    Args:
        message: the fact, with names in backticks.
        code: the rule that reports it (`SW301` unknown parameter, `SW302` bad argument).
        argument: the keyword or position (as text) of the argument at fault, if one is.
        near: the nearest name that would be right, if there is one.
    """

    def __init__(
        self, message: str, *, code: str = "SW302", argument: str = "", near: str = ""
    ) -> None:
        super().__init__(message)
        self.code, self.argument, self.near = code, argument, near


class AdapterError(StepwellError):
    """An adapter can't be used: it hears nothing, asks for the unknown, or clashes with another."""


class HookError(StepwellError):
    """A hook raised: `hook` names it, `node` the node at hand; the cause is its own error."""

    def __init__(self, message: str, *, hook: str, node: str = "") -> None:
        super().__init__(message)
        self.hook, self.node = hook, node


class BudgetExceeded(StepwellError):
    """A request could have passed a cap of a budget, so it did not leave.

    Args:
        message: the fact, and the cure.
        node: the step that asked.
        unit: which cap: `money`, `tokens`, `requests`, `seconds`; `unknown` where what is asked
            for can't be bounded.
        cap: the cap.
        spent: what is spent.
        reserved: what is reserved for requests that are under way.
        asked: what this one might use.
    """

    def __init__(
        self,
        message: str,
        *,
        node: str | None = None,
        unit: str = "",
        cap: Any = None,
        spent: Any = None,
        reserved: Any = None,
        asked: Any = None,
    ) -> None:
        super().__init__(message)
        self.node, self.unit = node, unit
        self.cap, self.spent, self.reserved, self.asked = cap, spent, reserved, asked


class Unavailable(StepwellError):
    """A provider is not asked now, as it would take too long or fail.

    Args:
        message: the fact, and the cure.
        server: host and port of the provider.
        wait: after so many seconds it may be asked again.
    """

    def __init__(self, message: str, *, server: str = "", wait: float = 0.0) -> None:
        super().__init__(message)
        self.server, self.wait = server, wait


class BadAnswer(StepwellError):
    """What a provider answered is no answer; it may have been paid for all the same.

    Args:
        message: the fact, with the provider and the operation in it.
        code: what is wrong: `cut_off`, `empty`, `not_json`, `not_utf8`, `not_a_stream`,
            `too_large`, `packed`, `redirected`, or a provider's own code.
        status: the HTTP status, if one came.
        request_id: the provider's name for the request.
        start: the first characters of the answer, keys taken out.
        partial: the text that a stream brought before it went wrong.
    """

    code: str | None

    def __init__(
        self,
        message: str,
        *,
        code: str = "not_json",
        status: int | None = None,
        request_id: str | None = None,
        start: str = "",
        partial: str = "",
    ) -> None:
        Exception.__init__(self, message)  # the next in line may be an SDK's, which wants more
        self.code, self.status, self.request_id = code, status, request_id
        self.start, self.partial = start, partial


class CheckFailed(StepwellError):
    """A value is not as `check_output` asks: `node` made it, `checks` says what does not hold."""

    def __init__(self, node: str, checks: Mapping[str, str]) -> None:
        self.node, self.checks = node, dict(checks)
        told = "; ".join(
            f"`{check}`: {why}" if why else f"`{check}`" for check, why in checks.items()
        )
        super().__init__(f"`{node}` is not as it must be: {told}")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.node, self.checks)


class StoreError(StepwellError):
    """A run store can't be used: damaged, of a newer layout, not writable. `path` is its file."""

    def __init__(self, message: str, *, path: str = "") -> None:
        super().__init__(message)
        self.path = path


class MissingExtra(StepwellError, ImportError):
    """An optional library is not installed. The message holds the command that installs it."""


def require(module: str, *, extra: str, what: str) -> Any:
    """The module of that name, imported; else a `MissingExtra` that tells what to install.

    >>> require("json", extra="llm", what="`metered`").__name__
    'json'
    """
    from importlib import import_module

    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name and not (module == error.name or module.startswith(error.name + ".")):
            raise
        raise MissingExtra(
            f"{what} needs `{module}`, which is not installed; run: pip install 'stepwell[{extra}]'"
        ) from None


def told(error: BaseException) -> str:
    """`Name: text` of an error, also of one whose text can't be had.

    >>> told(ValueError("no number"))
    'ValueError: no number'
    """
    try:
        text = str(error)
    except Exception:
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def nearest(name: str, names: Iterable[str], cutoff: float = 0.7) -> str:
    """The name among `names` that most resembles `name`, or an empty string.

    >>> nearest("anwser", ["answer", "question"])
    'answer'
    """
    from difflib import SequenceMatcher

    # Of many names few have as many letters in common with this one as the nearest: those alone are
    # compared letter by letter.
    mine, more = _counted(name)
    likely = []
    for each in names:
        common = (mine & _counted(each)[0]).bit_count() + more
        most = 2 * common / (len(name) + len(each) or 1)
        if most >= cutoff:
            likely.append((most, each))
    likely.sort(reverse=True)
    matcher = SequenceMatcher(None, b=name)
    best = (cutoff, "")
    for most, each in likely:
        if most < best[0]:
            break
        matcher.set_seq1(each)
        best = max(best, (matcher.ratio(), each))
    return best[1]


@lru_cache(maxsize=1 << 15)
def _counted(name: str) -> tuple[int, int]:
    """A bit for each letter and each time it comes again, and how many letters have none.

    Two names have at most as many letters in common as bits, and those that have none.
    """
    found = 0
    for letter in name:
        first = 1 << _TIMES * (ord(letter) % 37)
        for times in range(_TIMES):
            if not found & first << times:
                found |= first << times
                break
    return found, len(name) - found.bit_count()


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """`; did you mean …?` with the nearest name, or nothing.

    >>> did_you_mean("anwser", ["answer"])
    '; did you mean `answer`?'
    """
    near = nearest(name, names)
    return f"; did you mean `{near}`?" if near else ""
