"""The child process of `ModelServer`: llama.cpp's server, until its standard input is closed.

    python -m stepwell.local.serve '{"model": "…/model.gguf", …}'

Says `LISTENING address` on its standard output once it is ready.
"""

from __future__ import annotations

import json
import os
import sys


def main(options: dict[str, object]) -> None:
    """Serves until whoever started this process closes the pipe, or dies."""
    # Read by OpenMP when it is loaded: threads that spin at a barrier make two busy cores crawl.
    os.environ["OMP_WAIT_POLICY"] = "passive"
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = options["model"]
    params.model_alias = {options["name"]}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_parallel = options["parallel"]
    params.n_ctx = options["context"] * options["parallel"]  # type: ignore[operator]
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = options["threads"]
    params.verbosity = 0
    params.warmup = False
    server = xllamacpp.Server(params)
    print("LISTENING", server.listening_address, flush=True)
    # Nobody reads that pipe from here on: what else is said goes where the log goes.
    os.dup2(2, 1)
    sys.stdin.read()
    # The server's threads would be joined one after another; nothing of theirs is to be kept.
    os._exit(0)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
