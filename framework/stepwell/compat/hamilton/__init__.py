"""Hamilton's public modules over stepwell: `import stepwell.compat.hamilton as hamilton`.

Names and small adapters alone: the graph, the plan and the loops are stepwell's. `stepwell migrate`
rewrites imports, and lists what has no counterpart.
"""
