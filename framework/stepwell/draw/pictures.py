"""A graph as an image or a web page, by Graphviz's layout."""

from __future__ import annotations

from dataclasses import asdict
from typing import Literal, Unpack

from stepwell.draw.parts import STYLES, Options, parts
from stepwell.draw.written import dot
from stepwell.errors import MissingExtra, StepwellError
from stepwell.graph import Graph


def picture(dot_text: str, *, format: Literal["svg", "png"] = "svg", scale: float = 2.0) -> bytes:
    """An image of a DOT text, drawn by `graphviz-pure` (extra `draw`) or by `dot` on the PATH.

    Args:
        dot_text: what `dot` gave, or any text in Graphviz's language.
        format: `svg` or `png`.
        scale: pixels of a PNG for one point of 1/72 inch.

    Raises:
        MissingExtra: if neither program is there; it says what to install.
        StepwellError: if the program refuses the text.
    """
    import subprocess

    program = _layout_program()
    options = [f"-T{format}", *([f"-Gdpi={72 * scale:g}"] if format == "png" else [])]
    done = subprocess.run([program, *options], input=dot_text.encode(), capture_output=True)
    if done.returncode or not done.stdout:
        raise StepwellError(
            f"`{program}` can't draw this: {done.stderr.decode(errors='replace').strip()}"
        )
    if format == "png":
        return done.stdout
    return _centred(done.stdout.decode()).encode()


def _centred(svg: str) -> str:
    """The picture with each line of a box set around the middle of the box.

    Graphviz sets it from the left, by the widths of one font; a reader without that font, whose
    letters are wider, would see it run out of the box. Only boxes that `dot` wrote are touched.
    """
    import re

    def centre(found: re.Match[str]) -> str:
        box = found[0]
        outline = re.search(r' d="([^"]*)"', box)
        if outline is None:
            return box
        across = [float(x) for x in re.findall(r"(-?[\d.]+),", outline[1])]
        middle = f'text-anchor="middle" x="{(min(across) + max(across)) / 2:.2f}"'
        return re.sub(r'text-anchor="start" x="[^"]*"', middle, box)

    looks = "|".join(STYLES)
    svg = re.sub(
        rf'<g id="[^"]*" class="node (?:{looks})">.*?\n</g>\n', centre, svg, flags=re.DOTALL
    )
    # Without the last of these it would be a serif one.
    return svg.replace('font-family="Arial"', 'font-family="Arial,Helvetica,sans-serif"')


def html(graph: Graph, *, title: str = "Pipeline", **options: Unpack[Options]) -> str:
    """A web page in one file: the picture to drag and zoom, a step's text at a click.

    It asks no other host for anything. Keywords as `mermaid`.

    Raises:
        MissingExtra: as `picture`.
    """
    import json
    from html import escape
    from importlib.resources import files
    from string import Template

    drawn = parts(graph, options)
    vertices, arrows = drawn.vertices, drawn.arrows
    svg = picture(dot(graph, **options)).decode()
    number = {name: index for index, name in enumerate(vertices)}
    data = {
        "nodes": [asdict(vertex) for vertex in vertices.values()],
        "edges": [[number[arrow.source], number[arrow.target]] for arrow in arrows],
    }
    template = files("stepwell.draw").joinpath("page.html").read_text(encoding="utf-8")
    return Template(template).substitute(
        title=escape(title),
        svg=svg[svg.index("<svg") :],
        data=json.dumps(data).replace("<", "\\u003c"),
    )


def _layout_program(beside: str | None = None, path: str | None = None) -> str:
    """A program that speaks `dot`'s language: the extra beside this Python, or one on the PATH."""
    import shutil
    import sys
    from pathlib import Path

    beside = beside or str(Path(sys.executable).parent)
    for found in (
        shutil.which("graphviz-pure", path=beside),
        shutil.which("graphviz-pure", path=path),
        shutil.which("dot", path=path),
    ):
        if found:
            return found
    raise MissingExtra(
        "a picture needs Graphviz, which is not installed; run: pip install 'stepwell[draw]'"
    )
