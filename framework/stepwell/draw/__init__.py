"""Pictures of a pipeline: Mermaid, DOT, SVG, PNG, a web page, and a tree for the terminal.

Takes a `Graph`, also one that is wrong. The texts need nothing that is not there already; a picture
needs Graphviz's layout, from the extra `draw` or from `dot` on the PATH.
"""

from stepwell.draw.parts import Direction, Looks, Options
from stepwell.draw.pictures import html, picture
from stepwell.draw.tree import text
from stepwell.draw.written import dot, mermaid

__all__ = ["Direction", "Looks", "Options", "dot", "html", "mermaid", "picture", "text"]
