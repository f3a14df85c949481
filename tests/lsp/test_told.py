"""What a hover says of a prompt, and where a finding's code leads."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from lsprotocol import types

from stepwell.rules import RULES
from stepwell_lsp.features.diagnostics import diagnostics
from stepwell_lsp.features.hover import hover
from stepwell_lsp.features.inlay import inlay_hints
from stepwell_lsp.links import link

LONG = "\\n".join(f"line {n}" for n in range(40))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "def pro‸mpt(context: str) -> str:\n"
            "    return 'Read {context}: {{}}'.format(context=context)",
            "~~~text\nRead {context}: {}\n~~~",
        ),
        (
            'ASK = """\\\nRead\n{context!r}\n"""\n'
            "def pro‸mpt(context: str) -> str:\n    return ASK.format(context=context)",
            "~~~text\nRead\n{context}\n~~~",
        ),
        (
            "def pro‸mpt(doc: str) -> str:\n    return ('Read ' '{doc.title:>4}').format(doc=doc)",
            "~~~text\nRead {doc.title:>4}\n~~~",
        ),
        (
            f"def pro‸mpt(doc: str) -> str:\n    return '{LONG} {{doc}}'.format(doc=doc)",
            "line 23\n…\n~~~",
        ),
    ],
)
def test_a_hover_shows_what_is_asked(look, text, told):
    """The template as its reader will see it, wherever it is written; a long one is cut."""
    seen = look(text)
    found = hover(seen.snapshot, seen.file, seen.position)
    assert told in found.contents.value


def test_a_step_without_a_prompt_shows_none(look):
    """Nor does one whose template can't be known."""
    seen = look("def pro‸mpt(ask: str) -> str:\n    return ask.format(x=1)")
    assert "~~~" not in hover(seen.snapshot, seen.file, seen.position).contents.value


def test_a_code_leads_to_its_rules_page(look):
    """A file of the server's own cache, which every editor can open."""
    seen = look("def a(a: int) -> int:\n    return a‸\n")
    (found,) = diagnostics(seen.snapshot, seen.file)
    place = urlsplit(found.code_description.href)
    assert place.scheme == "file"
    text = Path(unquote(place.path)).read_text("utf-8")
    assert text.startswith("# cycle (SW104)\n")
    assert all(link(rule.code) for rule in RULES)
    assert link("SW999") is None


def test_a_type_that_does_not_fit_tells_its_module(look):
    """So that one knows where to look."""
    seen = look({"first.py": "def q() -> int: ...\n", "second.py": "def a(q: str) -> str: ...\n‸"})
    everything = types.Range(types.Position(0, 0), types.Position(9, 0))
    (hint,) = inlay_hints(seen.snapshot, seen.file, everything)
    assert hint.label == "← int from first"
