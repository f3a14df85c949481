"""What to run for some targets: the lines of a plan in order, every argument worked out once.

Knows nodes and the graph; calls no step, and knows nothing of adapters.
"""

from stepwell.plan.arguments import positions
from stepwell.plan.lines import (
    READ_LIVE,
    STREAM,
    Block,
    Bundle,
    Check,
    Group,
    Line,
    Literal,
    Maybe,
    Missing,
    Piece,
    Plan,
    Route,
    Whole,
)
from stepwell.plan.making import plan

__all__ = [
    "READ_LIVE",
    "STREAM",
    "Block",
    "Bundle",
    "Check",
    "Group",
    "Line",
    "Literal",
    "Maybe",
    "Missing",
    "Piece",
    "Plan",
    "Route",
    "Whole",
    "plan",
    "positions",
]
