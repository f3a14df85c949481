"""The comparable form of an annotation, and what fits what.

A `Type` is made from a live annotation (`from_object`) or from its text (`from_ast`); both give the
same form. `fits` asks whether one type may be given where another is asked for, `holds` whether a
value may; each answers yes, no or unknown (`None`), and a caller acts on a no alone. Knows nothing
of nodes or graphs; standard library only.
"""

from stepwell.types.fitting import fits
from stepwell.types.live import from_object, new_type
from stepwell.types.text import from_ast, from_text
from stepwell.types.type import ANY, NONE, REST, UNKNOWN, UNREADABLE, Type, known, overloaded
from stepwell.types.value import holds

__all__ = [
    "ANY",
    "NONE",
    "REST",
    "UNKNOWN",
    "UNREADABLE",
    "Type",
    "fits",
    "from_ast",
    "from_object",
    "from_text",
    "holds",
    "known",
    "new_type",
    "overloaded",
]
