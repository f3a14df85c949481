"""What each flow of a folder comes to, as JSON: run by Hamilton's Python and by ours.

`python answers.py FOLDER [PREFIX]`; a case is a public function of a flow without parameters.
"""

import asyncio
import importlib.util
import inspect
import json
import logging
import os
import sys
import tempfile
import warnings
from pathlib import Path


def plain(value):
    """A value as data that JSON has, the same whoever made it."""
    kind = type(value).__name__
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, float):
        return repr(float(value))
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, tuple):
        return {"tuple": [plain(each) for each in value]}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, (set, frozenset)):
        return {"set": sorted((plain(each) for each in value), key=repr)}
    if kind == "DataFrame" and hasattr(value, "to_dicts"):
        return {"polars": value.to_dicts()}
    if kind == "DataFrame":
        columns = {str(name): plain(list(value[name])) for name in value.columns}
        return {"frame": columns, "index": plain(list(value.index))}
    if kind == "Series":
        values = value.to_list() if hasattr(value, "to_list") else list(value)
        return {"series": plain(values), "dtype": str(value.dtype)}
    if kind in ("ndarray", "matrix"):
        return {kind: plain(value.tolist())}
    if hasattr(value, "item") and hasattr(value, "dtype"):
        return plain(value.item())
    return f"a {kind}"


def came_to(case):
    """The result of a case, or the kinds of error that its users might catch."""
    try:
        result = case()
        if inspect.iscoroutine(result):
            result = asyncio.run(result)
        return plain(result)
    except BaseException as error:
        caught = [each.__name__ for each in type(error).__mro__]
        known = (
            "NotSameModuleError",
            "InvalidDecoratorException",
            "DataValidationError",
            "CheckFailed",
        )
        for name in (*known, "ValueError", "TypeError", "KeyError", "NotImplementedError"):
            if name in caught:
                return "raises " + name.replace("CheckFailed", "DataValidationError")
        return f"raises {type(error).__name__}"


def cases(folder, prefix=""):
    """The functions of each flow by `flow.case`."""
    found = {}
    sys.path.insert(0, str(folder))
    for file in sorted(Path(folder).glob("*.py")):
        name = prefix + file.stem
        spec = importlib.util.spec_from_file_location(name, file)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        for attribute, case in list(vars(module).items()):
            own = inspect.isfunction(case) and case.__module__ == name
            if own and attribute[:1] != "_" and not inspect.signature(case).parameters:
                found[f"{file.stem}.{attribute}"] = case
    return found


def answers(folder, prefix=""):
    """What every case comes to; each starts in an empty folder of its own."""
    home, found = os.getcwd(), {}
    for name, case in cases(folder, prefix).items():
        with tempfile.TemporaryDirectory() as empty:
            os.chdir(empty)
            try:
                found[name] = came_to(case)
            finally:
                os.chdir(home)
    return found


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    json.dump(answers(Path(sys.argv[1]).resolve()), sys.stdout, indent=1, sort_keys=True)
