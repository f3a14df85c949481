"""For tests of pipelines: modules out of functions, graphs, fakes of steps and of providers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepwell.lazy import exports

if TYPE_CHECKING:
    from stepwell.testing.modules import graph_of as graph_of
    from stepwell.testing.modules import module_of as module_of
    from stepwell.testing.recording import NotRecorded as NotRecorded
    from stepwell.testing.recording import cassette as cassette
    from stepwell.testing.reply import Reply as Reply
    from stepwell.testing.server import FakeModel as FakeModel
    from stepwell.testing.server import Received as Received
    from stepwell.testing.steps import Coverage as Coverage
    from stepwell.testing.steps import Fakes as Fakes

__all__ = [
    "Coverage",
    "FakeModel",
    "Fakes",
    "NotRecorded",
    "Received",
    "Reply",
    "cassette",
    "graph_of",
    "module_of",
]

__getattr__, __dir__ = exports(
    __name__,
    {
        ".recording": "NotRecorded cassette",
        ".modules": "graph_of module_of",
        ".reply": "Reply",
        ".server": "FakeModel Received",
        ".steps": "Coverage Fakes",
    },
)
