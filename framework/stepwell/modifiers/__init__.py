"""The decorators of steps: each one a `Modifier`, which expands one node into others.

Importing this loads nothing third-party, so that a module of steps stays quick to import.
"""

from stepwell.modifiers import config
from stepwell.modifiers.arguments import group, source, value
from stepwell.modifiers.extracted import extract_fields
from stepwell.modifiers.injected import inject
from stepwell.modifiers.modifier import Modifier
from stepwell.modifiers.named import node
from stepwell.modifiers.parameterized import parameterize
from stepwell.modifiers.tagged import tag

__all__ = [
    "Modifier",
    "config",
    "extract_fields",
    "group",
    "inject",
    "node",
    "parameterize",
    "source",
    "tag",
    "value",
]
