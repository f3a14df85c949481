"""For tests of pipelines: modules out of functions, graphs out of text or functions."""

from stepwell.testing.modules import graph_of, module_of

__all__ = ["graph_of", "module_of"]
