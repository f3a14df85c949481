"""Text to nodes: reads what is written, runs nothing of it, and bears with what is broken."""

from stepwell.read.source.mentions import Site
from stepwell.read.source.module import Module, parse
from stepwell.read.source.names import Names

__all__ = ["Module", "Names", "Site", "parse"]
