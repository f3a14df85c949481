"""What an editor can ask, a feature a file: pure functions from a snapshot to the answer."""
