"""How a run's nodes are parted into tasks. The classes say what was chosen; stepwell does it."""

from __future__ import annotations

import enum


class NodeGroupPurpose(enum.Enum):
    """What a task is for."""

    EXPAND = "expand"
    COLLECT = "gather"
    EXECUTE_BLOCK = "block"
    EXECUTE_SINGLE = "single"

    @classmethod
    def named(cls, purpose: str) -> NodeGroupPurpose:
        """The one that stepwell's word for it means."""
        words = {"expand": cls.EXPAND, "collect": cls.COLLECT, "block": cls.EXECUTE_BLOCK}
        return words.get(purpose, cls.EXECUTE_SINGLE)


class GroupingStrategy:
    """How nodes are parted."""


class GroupByRepeatableBlocks(GroupingStrategy):
    """What is done for each item is one task."""


class GroupNodesIndividually(GroupingStrategy):
    """Every node is a task."""


class GroupNodesByLevel(GroupingStrategy):
    """Nodes that could run at the same time are a task."""


class GroupNodesAllAsOne(GroupingStrategy):
    """All nodes are one task."""
