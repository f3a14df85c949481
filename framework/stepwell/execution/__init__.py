"""Running a plan: its text, the state of a run, the loops, streams, what adapters do around it."""
