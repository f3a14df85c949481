"""The pytest plug-in: no test pays for a call, and what of the pipelines the tests have run.

It is there once stepwell is installed. Nothing changes until it is asked for:

    no_paid_calls     a fixture, and a setting for all tests: a request that a provider would charge
                      for is refused unless it goes to this machine
    step_coverage     a fixture: the adapter that knows which steps and edges have run; what it has
                      seen is told at the end, and `--step-coverage-min=90` fails below 90 percent
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from stepwell.testing.steps import Coverage

HERE = {"127.0.0.1", "::1", "localhost", "testserver"}
SEEN = pytest.StashKey["Coverage"]()


class PaidCall(BaseException):
    """A test would have paid for a call. No `except Exception` of the tested code hides it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("stepwell")
    words = "refuse requests to providers that are not on this machine, in all tests"
    group.addoption("--no-paid-calls", action="store_true", help=words)
    parser.addini("no_paid_calls", words, type="bool", default=False)
    group.addoption(
        "--step-coverage-min",
        type=float,
        default=0.0,
        metavar="PERCENT",
        help="fail if fewer of the steps of drivers with `step_coverage` have run",
    )


@pytest.fixture
def no_paid_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within the test a request that would be charged for raises `PaidCall`, and is not sent.

    A `FakeModel`, a `cassette` and a model on this machine answer as ever.
    """
    for transport, method in _transports():
        monkeypatch.setattr(transport, method, _guarded(getattr(transport, method)))


@pytest.fixture(autouse=True)
def _no_paid_calls(request: pytest.FixtureRequest) -> None:
    """Takes `no_paid_calls` along where it is set for all tests."""
    config = request.config
    if config.getoption("no_paid_calls", False) or config.getini("no_paid_calls"):
        request.getfixturevalue("no_paid_calls")


@pytest.fixture(scope="session")
def step_coverage(pytestconfig: pytest.Config) -> Coverage:
    """An adapter for the tests' drivers: `Driver({}, module, adapter=[step_coverage])`."""
    from stepwell.testing.steps import Coverage

    found = pytestconfig.stash.get(SEEN, None)
    if found is None:
        found = pytestconfig.stash[SEEN] = Coverage()
    return found


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    found = config.stash.get(SEEN, None)
    if found is not None:
        terminalreporter.section("stepwell")
        terminalreporter.write_line(found.report())


def pytest_sessionfinish(session: pytest.Session) -> None:
    found = session.config.stash.get(SEEN, None)
    least = session.config.getoption("step_coverage_min", 0.0)
    if found is not None and found.percent < least and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _transports() -> Iterator[tuple[type, str]]:
    """The places where the HTTP clients that SDKs use send something, as far as they are there."""
    from importlib import import_module

    for name in ("httpx2", "httpx"):
        try:
            module = import_module(name)
        except ImportError:
            continue
        yield module.HTTPTransport, "handle_request"
        yield module.AsyncHTTPTransport, "handle_async_request"


def _guarded(send: Any) -> Any:
    """What sends, for requests that cost nothing."""
    from functools import wraps

    from stepwell.llm.reading import operation_of

    @wraps(send)
    def guarded(transport: Any, request: Any) -> Any:
        parts = urlsplit(str(request.url))
        found = operation_of(parts.path) if request.method == "POST" else None
        if found is not None and parts.hostname not in HERE:
            raise PaidCall(
                f"a request for `{found[0]}` to `{parts.hostname}` would be paid for;"
                " fake the step (`Fakes`), the provider (`FakeModel`), or record it (`cassette`)"
            )
        return send(transport, request)

    return guarded
