"""The nodes of each module of a folder's tree, as JSON: run by Hamilton's Python and by ours.

`python wiring.py FOLDER PACKAGE`, where PACKAGE is `hamilton` or `stepwell.compat.hamilton`.
"""

import contextlib
import importlib
import importlib.util
import io
import json
import logging
import sys
import warnings
from pathlib import Path


def loaded(file):
    """The module of a file; `None` where what it needs is not here, or it does things at once."""
    name = f"wired_{abs(hash(str(file)))}"
    spec = importlib.util.spec_from_file_location(name, file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            spec.loader.exec_module(module)
    except BaseException:
        return None
    return module


def wiring(module, driver):
    """Each node's dependencies, required and optional; or that there is no graph."""
    try:
        dr = driver.Builder().with_modules(module).build()
    except Exception:
        return "no graph"
    return {
        v.name: [
            v.is_external_input,
            sorted(v.required_dependencies),
            sorted(v.optional_dependencies),
            getattr(v.type, "__name__", str(v.type)) if not v.is_external_input else "",
        ]
        for v in dr.list_available_variables()
    }


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    folder, package = Path(sys.argv[1]).resolve(), sys.argv[2]
    driver = importlib.import_module(f"{package}.driver")
    found = {}
    for file in sorted(folder.rglob("*.py")):
        sys.path.insert(0, str(file.parent))
        module = loaded(file)
        if module is not None:
            found[str(file.relative_to(folder))] = wiring(module, driver)
        sys.path.remove(str(file.parent))
    json.dump(found, sys.stdout, indent=1, sort_keys=True)
