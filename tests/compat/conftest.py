"""The flows import Hamilton; tests read them."""

collect_ignore_glob = ["flows/*", "answers.py", "wiring.py", "side_by_side.py"]
