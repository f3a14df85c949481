#!/usr/bin/env bash
# Puts the server and what it needs into bundled/libs, for the package: fill.sh PYTHON
set -euo pipefail
cd "$(dirname "$0")"
python=$1
rm -rf libs
# Pure Python all of it, so that one package serves every system and every Python from 3.11 on.
"$python" -m pip install --quiet --disable-pip-version-check --no-warn-conflicts --no-compile --target libs \
    --constraint ../../constraints.txt "../..[lsp]"
if find libs -name '*.so' -o -name '*.pyd' | grep .; then
    echo "bundled/libs holds native code: it would serve this system alone" >&2
    exit 1
fi
find libs -type d \( -name tests -o -name __pycache__ \) -prune -exec rm -rf {} +
rm -rf libs/bin
"$python" -I -B server.py --version
