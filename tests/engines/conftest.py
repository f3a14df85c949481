"""Which engines are here to be tested with; `make test-engines` installs them all."""

from importlib.util import find_spec

_NEEDED = ("ray", "distributed", "pyspark")
_ARE_HERE = all(find_spec(engine) for engine in _NEEDED)
collect_ignore_glob = [] if _ARE_HERE else ["test_*.py"]
