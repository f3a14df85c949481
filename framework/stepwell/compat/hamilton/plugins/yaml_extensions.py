"""Nothing to be registered: loaders and savers are known by name, and their library is imported
when a value of it is at hand."""
