"""For tests of pipelines: modules out of functions, graphs out of text or functions."""

from stepwell.testing.modules import graph_of, module_of
from stepwell.testing.server import FakeModel, Received, Reply

__all__ = ["FakeModel", "Received", "Reply", "graph_of", "module_of"]
