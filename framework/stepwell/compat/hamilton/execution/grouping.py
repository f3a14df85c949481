"""How a run's nodes are parted into tasks. The classes say what was chosen; stepwell does it."""

from __future__ import annotations

import enum
from typing import ClassVar

from stepwell.plan.grouping import Grouping


class NodeGroupPurpose(enum.Enum):
    """What a task is for."""

    EXPAND_UNORDERED = "expand_unordered"
    GATHER = "gather"
    EXECUTE_BLOCK = "execute_block"
    EXECUTE_SINGLE = "execute_single"

    def is_expander(self) -> bool:
        """Whether what it gives is parted into items."""
        return self is NodeGroupPurpose.EXPAND_UNORDERED

    def is_gatherer(self) -> bool:
        """Whether it takes what was made for all items."""
        return self is NodeGroupPurpose.GATHER


class GroupingStrategy:
    """How nodes are parted; `core` is stepwell's word for it."""

    core: ClassVar[Grouping] = "step"


class GroupByRepeatableBlocks(GroupingStrategy):
    """What is done for each item is one task, and every other node."""


class GroupNodesIndividually(GroupingStrategy):
    """Every node is a task."""


class GroupNodesByLevel(GroupingStrategy):
    """Nodes that could run at the same time are a task."""

    core = "level"


class GroupNodesAllAsOne(GroupingStrategy):
    """All nodes are one task."""

    core = "all"
